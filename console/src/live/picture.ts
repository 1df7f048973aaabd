import { type Court, type Gateway, type Health, type Incident, isLowBattery, isOpen, isTest, type ServerMessage, type Unit, type User } from "../model";
import { Store } from "../stores";

/** What the gateway last told us. Replaced as a whole by every message, so a change is a new object. */
export interface Picture {
  /** False until the first snapshot: nothing below means anything before. */
  known: boolean;
  courts: ReadonlyMap<string, Court>;
  units: ReadonlyMap<string, Unit>;
  incidents: ReadonlyMap<string, Incident>;
  /** The open incident of each officer's unit: an incident comes at once, its unit's own word a second later. */
  openOf: ReadonlyMap<string, Incident>;
  health: Health;
  /** Null until the first snapshot. */
  gateway: Gateway | null;
  /** The gateway's clock at the last message, and this page's monotonic clock then. */
  serverMs: number;
  heardAtMs: number;
}

/** Finished incidents kept in memory for looking at; the gateway keeps them all. */
const FINISHED_KEPT = 50;

export const EMPTY: Picture = {
  known: false, courts: new Map(), units: new Map(), incidents: new Map(), openOf: new Map(), health: {}, gateway: null,
  serverMs: 0, heardAtMs: 0,
};

export const picture = new Store<Picture>(EMPTY);

/** The picture after one message; `heardAtMs` is the page's monotonic clock at its arrival. */
export function apply(old: Picture, message: ServerMessage, heardAtMs: number): Picture {
  const heard = { ...old, serverMs: message.now_ms, heardAtMs };
  switch (message.t) {
    case "snapshot":
      return {
        ...heard,
        known: true,
        courts: new Map(message.courts.map((court) => [court.court_id, court])),
        units: new Map(message.units.map((unit) => [unit.unit_id, unit])),
        ...withIncidents(finished(old), message.incidents),
        health: message.health,
        gateway: message.gateway,
      };
    case "delta":
      return {
        ...heard,
        units: withAll(old.units, message.units, (unit) => unit.unit_id),
        courts: withAll(old.courts, message.courts, (court) => court.court_id),
        health: message.health ?? old.health,
      };
    case "incident":
      return { ...heard, ...withIncidents(old.incidents, [message.incident]) };
    case "tick":
      return heard;
  }
}

/** An incident that came as the answer to a request; an older version than the one known is ignored. */
export function learn(incident: Incident): void {
  picture.update((old) => ({ ...old, ...withIncidents(old.incidents, [incident]) }));
}

function finished(old: Picture): Map<string, Incident> {
  return new Map([...old.incidents].filter(([, incident]) => !isOpen(incident)));
}

function withAll<T>(old: ReadonlyMap<string, T>, changed: T[] | undefined, id: (item: T) => string): ReadonlyMap<string, T> {
  if (!changed?.length) return old;
  const next = new Map(old);
  for (const item of changed) next.set(id(item), item);
  return next;
}

function withIncidents(old: ReadonlyMap<string, Incident>, changed: Incident[]): Pick<Picture, "incidents" | "openOf"> {
  const next = new Map(old);
  for (const incident of changed) {
    const known = next.get(incident.incident_id);
    if (!known || isNewer(incident, known)) next.set(incident.incident_id, incident);
  }
  const done = [...next.values()].filter((incident) => !isOpen(incident)).sort((a, b) => b.opened_ms - a.opened_ms);
  for (const incident of done.slice(FINISHED_KEPT)) next.delete(incident.incident_id);
  const open = [...next.values()].filter(isOpen);
  return { incidents: next, openOf: new Map(open.map((incident) => [incident.unit_id, incident])) };
}

/** The gateway's clock now, in UTC ms: its last word plus what has gone by here. */
export function serverNowMs(of: Picture = picture.get()): number {
  return of.serverMs + (performance.now() - of.heardAtMs);
}

/** That a receipt was felt changes no version, and an answer to a request may come after the news of it. */
function isNewer(incident: Incident, known: Incident): boolean {
  return incident.version > known.version ||
    (incident.version === known.version && feltCount(incident) >= feltCount(known));
}

function feltCount(incident: Incident): number {
  return incident.told.reduce((sum, told) => sum + (told.felt_ms === null ? 0 : 1), 0);
}

export interface Counts {
  online: number;
  offline: number;
  lowBattery: number;
  alarms: number;
  courtsOnDuty: number;
}

/** The one source of every count on the page. Test alarms are not counted as alarms. */
export function counts(of: Picture): Counts {
  let online = 0;
  let lowBattery = 0;
  for (const unit of of.units.values()) {
    if (unit.online) online += 1;
    if (isLowBattery(unit)) lowBattery += 1;
  }
  let alarms = 0;
  for (const incident of of.incidents.values()) if (isOpen(incident) && !isTest(incident)) alarms += 1;
  let courtsOnDuty = 0;
  for (const court of of.courts.values()) if (court.on_duty) courtsOnDuty += 1;
  return { online, offline: of.units.size - online, lowBattery, alarms, courtsOnDuty };
}

/** Does this incident wait for this person? A dispatcher's acknowledgement, or a court's own answer. */
export function waitsFor(incident: Incident, user: User): boolean {
  if (!isOpen(incident)) return false;
  if (user.role !== "court") return incident.centre.acknowledged_ms === null;
  if (incident.owner_court_id !== null) return false;
  const own = incident.candidates.find((candidate) => candidate.court_id === user.court_id)?.offer ?? null;
  return own === "open" || (incident.state === "UNCOVERED" && own !== "declined");
}

/** When each real alarm that is known was raised, finished ones too: an acknowledged or closed one still came. */
export function realOpenings(of: Picture): number[] {
  return [...of.incidents.values()].filter((incident) => !isTest(incident)).map((incident) => incident.opened_ms);
}

/** Open incidents, the most urgent first: waiting, real, under duress, then the oldest. */
export function queue(of: Picture, user: User): Incident[] {
  const weight = (incident: Incident): number =>
    (waitsFor(incident, user) ? 0 : 4) + (isTest(incident) ? 2 : 0) + (incident.duress ? 0 : 1);
  return [...of.incidents.values()]
    .filter(isOpen)
    .sort((a, b) => weight(a) - weight(b) || a.opened_ms - b.opened_ms || a.incident_id.localeCompare(b.incident_id));
}
