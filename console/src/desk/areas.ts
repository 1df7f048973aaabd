import type { Picture } from "../live/picture";
import { type Court, isOpen, isTest } from "../model";

/** What lies below one intermediate court; what lies below none of them is an area of its own. */
export interface Area {
  /** The court at its head; its id names the area. */
  court: Court;
  courts: Court[];
  units: number;
  online: number;
  /** Open, tests left out. */
  alarms: number;
  onDuty: number;
}

/**
 * The head of a court's area: the intermediate court above it or itself; for somebody who sees no such court, the
 * highest court that is seen. Null for a court that is not known.
 */
export function areaHead(courts: Picture["courts"], courtId: string | null): Court | null {
  let head = courtId === null ? undefined : courts.get(courtId);
  const passed = new Set<string>();
  while (head && head.level === "basic" && head.parent_id !== null && !passed.has(head.court_id)) {
    passed.add(head.court_id);
    const above = courts.get(head.parent_id);
    if (!above) break;
    head = above;
  }
  return head ?? null;
}

/** Every area, with the numbers of `counts` divided among them, in the order of the courts' ids. */
export function areas(of: Picture): Area[] {
  const found = new Map<string, Area>();
  const areaOf = new Map<string, Area>();
  for (const court of of.courts.values()) {
    const head = areaHead(of.courts, court.court_id) ?? court;
    let area = found.get(head.court_id);
    if (!area) {
      area = { court: head, courts: [], units: 0, online: 0, alarms: 0, onDuty: 0 };
      found.set(head.court_id, area);
    }
    area.courts.push(court);
    if (court.on_duty) area.onDuty += 1;
    areaOf.set(court.court_id, area);
  }
  for (const unit of of.units.values()) {
    const area = areaOf.get(unit.court_id);
    if (!area) continue;
    area.units += 1;
    if (unit.online) area.online += 1;
  }
  for (const incident of of.incidents.values()) {
    const area = areaOf.get(incident.court_id ?? "");
    if (area && isOpen(incident) && !isTest(incident)) area.alarms += 1;
  }
  return [...found.values()].sort((a, b) => (a.court.court_id < b.court.court_id ? -1 : 1));
}
