/** Numbers and times as a person reads them. Courts sit in one time zone: every time of day is Beijing's. */
import type { Dictionary } from "./i18n";

const BEIJING_MS = 8 * 3600_000;

/** 12,345. One formatter for all: `toLocaleString` makes a new one each time, 0.1 ms a number. */
export const grouped: (n: number) => string = new Intl.NumberFormat("en-US").format;

function two(n: number): string {
  return String(n).padStart(2, "0");
}

/** 23:55:19 of a UTC time in ms. */
export function clock(utcMs: number): string {
  const date = new Date(utcMs + BEIJING_MS);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** 23:55:19.042, for comparing clocks. */
export function clockExact(utcMs: number): string {
  return `${clock(utcMs)}.${String(((utcMs % 1000) + 1000) % 1000).padStart(3, "0")}`;
}

/** 11-24 23:55:19. */
export function dateClock(utcMs: number): string {
  const date = new Date(utcMs + BEIJING_MS);
  return `${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} ${clock(utcMs)}`;
}

/** 2026-11-24. */
export function day(utcMs: number): string {
  const date = new Date(utcMs + BEIJING_MS);
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** 2026-11-24T23:55, what a field for a time of day in Beijing holds. */
export function fieldTime(utcMs: number): string {
  return `${day(utcMs)}T${clock(utcMs).slice(0, 5)}`;
}

/** The time that such a field means; null when it means none. */
export function fromFieldTime(text: string): number | null {
  const at = Date.parse(`${text.slice(0, 16)}:00+08:00`);
  return Number.isFinite(at) ? at : null;
}

/** 00:23 or 1:02:03: a running count of seconds, never below zero. */
export function counter(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(total / 3600);
  const rest = `${two(Math.floor(total / 60) % 60)}:${two(total % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

/** 5 s, 12 min, 3 h, 2 d: an age, rough. */
export function age(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 90) return `${s} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} d`;
}

/** 0.4 s or 12 s: a difference of clocks. */
export function difference(ms: number): string {
  const s = Math.abs(ms) / 1000;
  return s < 10 ? `${s.toFixed(1)} s` : age(s * 1000);
}

/** +0.4 s or −12 s: how far a unit's clock is ahead of ours. */
export function offset(ms: number): string {
  return Math.abs(ms) < 50 ? "0 s" : `${ms < 0 ? "−" : "+"}${difference(ms)}`;
}

export function distance(m: number | null): string {
  if (m === null) return "—";
  return m < 950 ? `${Math.round(m / 10) * 10} m` : `${(m / 1000).toFixed(m < 99_500 ? 1 : 0)} km`;
}

export function metres(m: number): string {
  return m < 10 ? `${m.toFixed(1)} m` : distanceExact(m);
}

function distanceExact(m: number): string {
  return m < 1000 ? `${Math.round(m)} m` : `${(m / 1000).toFixed(1)} km`;
}

/** 812.4 m, 9.231 km, 112.40 km: a length that was measured. */
export function lengthExact(m: number): string {
  return m < 1000 ? `${m.toFixed(1)} m` : `${(m / 1000).toFixed(m < 100_000 ? 3 : 2)} km`;
}

/** Always marked as an estimate. */
export function eta(s: number | null): string {
  return s === null ? "—" : `≈\u00a0${Math.max(1, Math.round(s / 60))}\u00a0min`;
}

export function bytes(n: number): string {
  return n >= 1e9 ? `${(n / 1e9).toFixed(n < 1e10 ? 1 : 0)} GB` : `${Math.round(n / 1e6)} MB`;
}

/** 512 B, 34 KB, 1.2 MB: of a file. */
export function fileSize(n: number): string {
  if (n < 1000) return `${n} B`;
  return n < 1e6 ? `${Math.round(n / 1000)} KB` : `${(n / 1e6).toFixed(1)} MB`;
}

export function speed(mPerS: number): string {
  return `${Math.round(mPerS * 3.6)} km/h`;
}

export function signal(dbm: number | null, network: string | null, w: Dictionary): string {
  if (dbm === null && !network) return w.unknown;
  const parts = [network?.toUpperCase(), dbm === null ? null : `${dbm} dBm`.replace("-", "−")];
  return parts.filter(Boolean).join(" ");
}

/** The part of a court's name that tells it from its neighbours: 仓山区, 莆田市中级. */
export function shortCourt(name: string): string {
  return name.replace(/^.{2,3}省(?=.+市)/, "").replace(/(?<=..)人民法院$/, "");
}

/** A court's name without what all of them share: 福州市仓山区法院. */
export function plainCourt(name: string): string {
  return name.replace(/^.{2,3}省(?=.+市)/, "").replace(/(?<=..)人民法院$/, "法院");
}

/** For a narrow column: 仓山区; a court of a whole city keeps its name. */
export function districtCourt(name: string): string {
  return shortCourt(name).replace(/^.{2,4}市(?=.+[区县市]$)/, "");
}

/** A name within a sentence of ours, so that it cannot turn what stands around it: its own signs of direction are left
    out, and it is set apart by the signs of Unicode (FSI, PDI). */
export function quoted(name: string | null | undefined): string {
  return name ? `\u2068${name.replace(/[\u202a-\u202e\u2066-\u2069]/g, "")}\u2069` : "";
}
