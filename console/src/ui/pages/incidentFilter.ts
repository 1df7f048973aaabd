import type { Picture } from "../../live/picture";
import { alarmKind } from "../../i18n";
import { type Incident, isOpen } from "../../model";

/** Keys of the address that the gateway's list of incidents understands. */
export const INCIDENT_KEYS = ["q", "state", "court", "officer", "unit", "case", "kind", "from_ms", "to_ms"] as const;

/** Only what the gateway understands goes to it: the address may hold anything. */
export function asked(query: URLSearchParams): URLSearchParams {
  const kept = new URLSearchParams();
  for (const key of INCIDENT_KEYS) {
    const value = query.get(key)?.trim();
    if (value) kept.set(key, value.slice(0, 64));
  }
  if (!kept.has("state")) kept.set("state", "all");
  return kept;
}

/** Does an incident that the live picture brought belong to the list? The same rules as the gateway's. */
export function fits(incident: Incident, query: URLSearchParams, of: Picture): boolean {
  const has = (text: string | null | undefined, key: string): boolean => {
    const wanted = query.get(key)?.toLocaleLowerCase();
    return !wanted || Boolean(text?.toLocaleLowerCase().includes(wanted));
  };
  const state = query.get("state");
  const court = query.get("court");
  const q = query.get("q");
  return (
    (state === "all" || (state === "open") === isOpen(incident)) &&
    (!court || isBelow(incident.court_id, court, of)) &&
    has(incident.officer, "officer") && has(incident.unit_id, "unit") && has(incident.case_no, "case") &&
    (!query.get("kind") || alarmKind(incident.kind) === query.get("kind")) &&
    incident.opened_ms >= Number(query.get("from_ms") ?? 0) &&
    incident.opened_ms < Number(query.get("to_ms") ?? Infinity) &&
    (!q || [incident.officer, incident.unit_id, incident.case_no, incident.incident_id].some((text) => has(text, "q")))
  );
}

/** The court itself, or one that is under it. */
export function isBelow(courtId: string | null, above: string, of: Picture): boolean {
  for (let at = courtId, steps = 0; at !== null && steps < 8; steps += 1) {
    if (at === above) return true;
    at = of.courts.get(at)?.parent_id ?? null;
  }
  return false;
}
