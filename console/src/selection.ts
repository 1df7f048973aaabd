import type { Picture } from "./live/picture";
import { Store } from "./stores";
import { type Incident, isOpen } from "./model";

export type Selection = { what: "incident" | "unit"; id: string } | null;
export type UnitFilter = "all" | "online" | "offline" | "low_battery";

export const selection = new Store<Selection>(null);
export const unitFilter = new Store<UnitFilter>("all");
/** The id of the court at the head of the area that the unit list is narrowed to. */
export const areaFilter = new Store<string | null>(null);
export const helpOpen = new Store(false);

export function selectIncident(id: string): void {
  selection.set({ what: "incident", id });
}

/** A unit with an open incident stands for its incident. */
export function selectUnit(of: Picture, unitId: string): void {
  const incident = openIncidentOf(of, unitId);
  selection.set(incident ? { what: "incident", id: incident.incident_id } : { what: "unit", id: unitId });
}

/** Its own, or after a merge the one it belongs to. */
export function openIncidentOf(of: Picture, unitId: string): Incident | null {
  const own = of.openOf.get(unitId);
  if (own) return own;
  const other = of.incidents.get(of.units.get(unitId)?.incident_id ?? "");
  return other && isOpen(other) ? other : null;
}
