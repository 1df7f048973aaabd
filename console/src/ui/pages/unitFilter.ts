import type { Picture } from "../../live/picture";
import { hasWeakSignal, isLowBattery, type Unit, unseen } from "../../model";
import { isBelow } from "./incidentFilter";

/** Keys of the address by which the list is filtered; the CSV file of the gateway takes the same ones. */
export const UNIT_KEYS = ["q", "state", "court", "fault", "battery_max", "firmware"] as const;

export type UnitState = "online" | "offline" | "never";
export type Fault = "battery" | "signal" | "storage" | "clock" | "picture" | "drops" | "error" | "certificate" | "revoked";
export const FAULTS = ["any", "battery", "signal", "storage", "clock", "picture", "drops", "error", "certificate", "revoked"] as const;

/** As `gateway/api/unit_faults.py`. */
const LITTLE_STORAGE = 0.2;
const CLOCK_OFF_MS = 5000;
const RENEW_MS = 30 * 86_400_000;

export function stateOf(unit: Unit): UnitState {
  return unit.online ? "online" : unit.seen_ms === null ? "never" : "offline";
}

export function clockIsOff(unit: Unit): boolean {
  return unit.firmware !== null && unit.clock_offset_ms !== undefined && (unit.clock_offset_ms === null || Math.abs(unit.clock_offset_ms) > CLOCK_OFF_MS);
}

export function certificateEndsSoon(unit: Unit, nowMs: number): boolean {
  return !unit.revoked && unit.certificate_ends_ms != null && unit.certificate_ends_ms - nowMs < RENEW_MS;
}

export function storageIsLow(unit: Unit): boolean {
  const { storage_free_bytes: free, storage_total_bytes: total } = unit;
  return free !== null && total !== null && free < total * LITTLE_STORAGE;
}

/** What is wrong with a unit. Battery and signal count while it is online only. */
export function faultsOf(unit: Unit, nowMs: number): Set<Fault> {
  const found: [Fault, boolean][] = [
    ["battery", isLowBattery(unit)],
    ["signal", hasWeakSignal(unit)],
    ["storage", storageIsLow(unit)],
    ["clock", clockIsOff(unit)],
    ["picture", unseen(unit) !== null],
    ["drops", (unit.dropped ?? 0) > 0],
    ["error", unit.last_error != null],
    ["certificate", certificateEndsSoon(unit, nowMs)],
    ["revoked", unit.revoked === true],
  ];
  return new Set(found.filter(([, is]) => is).map(([name]) => name));
}

/** Every unit that fits the filters of the address. */
export function foundUnits(query: URLSearchParams, of: Picture, nowMs: number): Unit[] {
  const q = query.get("q")?.trim().toLocaleLowerCase();
  const state = query.get("state");
  const court = query.get("court");
  const fault = query.get("fault");
  const battery = query.get("battery_max");
  const firmware = query.get("firmware");
  return [...of.units.values()].filter((unit) => {
    if (state && stateOf(unit) !== state) return false;
    if (court && !isBelow(unit.court_id, court, of)) return false;
    if (battery && (unit.battery_pct === null || unit.battery_pct > Number(battery))) return false;
    if (firmware && !unit.firmware?.startsWith(firmware)) return false;
    if (fault) {
      const faults = faultsOf(unit, nowMs);
      if (fault === "any" ? faults.size === 0 : !faults.has(fault as Fault)) return false;
    }
    return !q || [unit.unit_id, unit.officer, unit.case_no, unit.court_id, of.courts.get(unit.court_id)?.name]
      .some((text) => text?.toLocaleLowerCase().includes(q));
  });
}

export type Column = "state" | "unit" | "officer" | "court" | "caseNo" | "battery" | "signal" | "storage" | "firmware" | "seen"
  | "offset" | "dropped" | "recording" | "certificate";
export const COLUMNS: readonly Column[] = ["state", "unit", "officer", "court", "caseNo", "battery", "signal", "storage", "firmware",
  "seen", "offset", "dropped", "recording", "certificate"];

const STATE_ORDER: Record<UnitState, number> = { online: 0, offline: 1, never: 2 };
const SORT_BY: Record<Column, (unit: Unit, of: Picture) => string | number | null> = {
  state: (unit) => STATE_ORDER[stateOf(unit)],
  unit: (unit) => unit.unit_id,
  officer: (unit) => unit.officer,
  court: (unit) => unit.court_id,
  caseNo: (unit) => unit.case_no,
  battery: (unit) => unit.battery_pct,
  signal: (unit) => unit.signal_dbm,
  storage: (unit) => unit.storage_free_bytes,
  firmware: (unit) => unit.firmware,
  seen: (unit) => unit.seen_ms,
  offset: (unit) => (unit.clock_offset_ms == null ? null : Math.abs(unit.clock_offset_ms)),
  dropped: (unit) => unit.dropped ?? null,
  recording: (unit) => (unit.recording === null ? null : unit.recording ? 0 : 1),
  certificate: (unit) => unit.certificate_ends_ms ?? null,
};

export interface Order {
  column: Column;
  down: boolean;
}

/** Of the address: `sort=battery` or, downwards, `sort=-battery`. */
export function orderOf(query: URLSearchParams): Order {
  const text = query.get("sort") ?? "";
  const name = text.replace(/^-/, "");
  return { column: COLUMNS.find((column) => column === name) ?? "unit", down: text.startsWith("-") };
}

/** What is not known stands last, whichever way the order goes; equal ones by their number. */
export function sorted(units: Unit[], { column, down }: Order, of: Picture): Unit[] {
  const by = SORT_BY[column];
  return units.map((unit) => ({ unit, key: by(unit, of) })).sort((a, b) => {
    if (a.key === null || b.key === null) return a.key === b.key ? order(a.unit.unit_id, b.unit.unit_id) : a.key === null ? 1 : -1;
    return (down ? -order(a.key, b.key) : order(a.key, b.key)) || order(a.unit.unit_id, b.unit.unit_id);
  }).map((entry) => entry.unit);
}

function order(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
