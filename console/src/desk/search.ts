import { areaHead } from "./areas";
import type { Picture } from "../live/picture";
import { isDegraded, isLowBattery, officerOf, type Unit } from "../model";
import { openIncidentOf, type UnitFilter } from "../selection";

/** A unit that was found, and by which of its texts. */
export interface Found {
  unit: Unit;
  by: "officer" | "unit" | "court" | "case" | null;
}

export interface Wanted {
  search: string;
  filter: UnitFilter;
  /** The head of an area, or null for all. */
  area: string | null;
}

/**
 * Units by officer, number, court or case: alarms first, then what is degraded, then who is online; of those a name or
 * number that begins with what was typed comes first. Several words all have to be found.
 */
export function found(now: Picture, { search, filter, area }: Wanted): Found[] {
  const parts = wordsOf(search);
  const inArea = area === null ? null : new Set([...now.courts.keys()].filter((id) => areaHead(now.courts, id)?.court_id === area));
  const rows: { found: Found; weight: number; name: string }[] = [];
  for (const unit of now.units.values()) {
    if (!passes(unit, filter) || (inArea && !inArea.has(unit.court_id))) continue;
    const name = officerOf(unit);
    const hit = parts.length === 0 ? { by: null, begins: false } : match(unit, now.courts.get(unit.court_id)?.name ?? "", parts);
    if (!hit) continue;
    const standing = openIncidentOf(now, unit.unit_id) ? 0 : isDegraded(unit) ? 1 : unit.online ? 2 : 3;
    rows.push({ found: { unit, by: hit.by }, weight: (hit.begins ? 0 : 10) + standing, name });
  }
  return rows
    .sort((a, b) => a.weight - b.weight || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) || (a.found.unit.unit_id < b.found.unit.unit_id ? -1 : 1))
    .map((row) => row.found);
}

function passes(unit: Unit, filter: UnitFilter): boolean {
  if (filter === "all") return true;
  return filter === "low_battery" ? isLowBattery(unit) : (filter === "online") === unit.online;
}

function match(unit: Unit, courtName: string, parts: readonly string[]): { by: Found["by"]; begins: boolean } | null {
  const texts: [NonNullable<Found["by"]>, string][] = [
    ["officer", lower(officerOf(unit))], ["unit", lower(unit.unit_id)], ["court", lower(`${courtName} ${unit.court_id}`)], ["case", lower(unit.case_no ?? "")],
  ];
  if (!parts.every((part) => texts.some(([, text]) => text.includes(part)))) return null;
  const first = parts[0] ?? "";
  const by = texts.find(([, text]) => text.includes(first))?.[0] ?? null;
  return { by, begins: texts.slice(0, 2).some(([, text]) => text.startsWith(first)) };
}

/** What was typed, as it is looked for: Chinese brackets and Latin ones are the same key to the person who types. */
export function wordsOf(search: string): string[] {
  return lower(search).trim().split(/\s+/).filter(Boolean);
}

/** As many characters as before, so that a place in the one is the same place in the other. */
function lower(text: string): string {
  return [...text].map((char) => FULL_WIDTH[char] ?? (char.toLowerCase().length === char.length ? char.toLowerCase() : char)).join("");
}

const FULL_WIDTH: Record<string, string> = { "（": "(", "）": ")", "〔": "(", "〕": ")", "[": "(", "]": ")", "　": " " };

/** A text in pieces, those that were looked for marked: for showing why something was found. */
export function marked(text: string, parts: readonly string[]): { text: string; hit: boolean }[] {
  const plain = lower(text);
  const hits = new Array<boolean>(text.length).fill(false);
  for (const part of parts) {
    for (let at = plain.indexOf(part); at >= 0; at = plain.indexOf(part, at + part.length)) hits.fill(true, at, at + part.length);
  }
  const pieces: { text: string; hit: boolean }[] = [];
  let from = 0;
  for (let i = 1; i <= text.length; i += 1) {
    if (i < text.length && hits[i] === hits[from]) continue;
    pieces.push({ text: text.slice(from, i), hit: hits[from] ?? false });
    from = i;
  }
  return pieces;
}
