import { isTest, officerOf, type Incident } from "../../model";
import type { Picture } from "../../live/picture";

export const ARRANGEMENTS = [1, 4, 9] as const;
export type Arrangement = (typeof ARRANGEMENTS)[number];
export const CHOSEN_MOST = 9;

/** One place of the wall. */
export interface Place {
  unitId: string;
  name: string;
  incident: Incident | null;
  /** By hand; else by its alarm. */
  chosen: boolean;
}

/** Units with an open alarm, in the order of the queue, then those that were chosen. */
export function unitsOn(now: Picture, line: readonly Incident[], chosen: readonly string[]): Place[] {
  const alarmed = line.filter((incident) => !isTest(incident));
  const places = new Map<string, Place>();
  for (const incident of alarmed) {
    if (places.has(incident.unit_id)) continue;
    places.set(incident.unit_id, { unitId: incident.unit_id, name: officerOf(incident), incident, chosen: chosen.includes(incident.unit_id) });
  }
  for (const unitId of chosen) {
    if (places.has(unitId)) continue;
    const unit = now.units.get(unitId);
    places.set(unitId, { unitId, name: unit ? officerOf(unit) : unitId, incident: null, chosen: true });
  }
  return [...places.values()];
}

/**
 * Who has which place; null: nobody. A picture that is in sight stays in its place as long as it is on the wall: a number or
 * button must not come to mean another officer. Who comes takes a free place; an alarm for which there is none takes the
 * first place without an alarm. Who has no place follows behind the `show` places.
 */
export function seated(before: readonly (string | null)[], units: readonly Place[], show: number): (Place | null)[] {
  const known = new Map(units.map((one) => [one.unitId, one]));
  const seats = Array.from({ length: show }, (_, i) => known.get(before[i] ?? "") ?? null);
  const sitting = new Set(seats.map((one) => one?.unitId));
  const behind: Place[] = [];
  for (const one of units) {
    if (sitting.has(one.unitId)) continue;
    const free = seats.indexOf(null);
    const at = free >= 0 || one.incident === null ? free : seats.findIndex((other) => other?.incident === null);
    const gone = seats[at] ?? null;
    if (at < 0) behind.push(one);
    else seats[at] = one;
    if (gone) behind.push(gone);
  }
  return [...seats, ...behind];
}

/** The units that an address names; at most `CHOSEN_MOST`, each once. */
export function unitsOf(text: string): string[] {
  return [...new Set(text.split(",").map((one) => one.trim()).filter((one) => one !== "" && one.length <= 64))].slice(0, CHOSEN_MOST);
}

/** As many pictures as the address says, else as few as hold what was chosen. */
export function arrangementOf(text: string, chosen: number): Arrangement {
  return ARRANGEMENTS.find((one) => String(one) === text) ?? ARRANGEMENTS.find((one) => one >= Math.max(4, chosen)) ?? 9;
}
