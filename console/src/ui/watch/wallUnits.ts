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

/** Units with an open alarm first, in the order of the queue, then those that were chosen. */
export function placesOf(now: Picture, line: readonly Incident[], chosen: readonly string[]): Place[] {
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

/** The units that an address names; at most `CHOSEN_MOST`, each once. */
export function unitsOf(text: string): string[] {
  return [...new Set(text.split(",").map((one) => one.trim()).filter((one) => one !== "" && one.length <= 64))].slice(0, CHOSEN_MOST);
}

/** As many pictures as the address says, else as few as hold what was chosen. */
export function arrangementOf(text: string, chosen: number): Arrangement {
  return ARRANGEMENTS.find((one) => String(one) === text) ?? ARRANGEMENTS.find((one) => one >= Math.max(4, chosen)) ?? 9;
}
