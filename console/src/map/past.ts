import { EMPTY, type Picture } from "../live/picture";
import type { Candidate, Court, Fix, Incident, IncidentState, Offer, Replay, ReplayFix, TimelineEntry, Unit } from "../model";

/** What was known at a moment of the past, in the shape of the live picture: the map draws both with the same hand. */
export function pictureAt(replay: Replay, incident: Incident, courts: ReadonlyMap<string, Court>, atMs: number): Picture {
  const units = new Map<string, Unit>();
  for (const unit of replay.units) {
    const fix = lastBefore(unit.fixes, atMs);
    if (fix) units.set(unit.unit_id, unitAt(unit, fixOf(fix)));
  }
  const then = incidentAt(incident, replay.events, atMs);
  return {
    ...EMPTY, known: true, courts, units, serverMs: atMs, heardAtMs: performance.now(),
    incidents: new Map(then ? [[then.incident_id, then]] : []),
  };
}

/** The newest position that was taken by then; null: none yet. Nothing is made up between two of them. */
export function lastBefore(fixes: readonly ReplayFix[], atMs: number): ReplayFix | null {
  let [low, high] = [0, fixes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((fixes[middle]?.[0] ?? Infinity) <= atMs) low = middle + 1;
    else high = middle;
  }
  return fixes[low - 1] ?? null;
}

export function fixOf([atMs, lat, lon, accuracyM, speedMS, courseDeg]: ReplayFix): Fix {
  return {
    lat, lon, accuracy_m: accuracyM, speed_m_s: speedMS, course_deg: courseDeg, quality: 1,
    taken_ms: atMs, received_ms: atMs, at_ms: atMs, fault: null,
  };
}

function unitAt(of: Replay["units"][number], fix: Fix): Unit {
  return {
    unit_id: of.unit_id, court_id: of.court_id ?? "", officer: of.officer, case_no: null, online: true, seen_ms: fix.at_ms, fix,
    battery_pct: null, charging: null, signal_dbm: null, network: null, storage_free_bytes: null, storage_total_bytes: null,
    recording: null, firmware: null, clock_quality: null, incident_id: null,
  };
}

/** The incident as its log had it by then; null before it was opened. */
export function incidentAt(incident: Incident, events: readonly TimelineEntry[], atMs: number): Incident | null {
  if (atMs < incident.opened_ms) return null;
  const past = events.filter((entry) => entry.at_ms <= atMs);
  const acknowledged = past.find((entry) => entry.event === "acknowledge");
  let state: IncidentState = "NEW";
  let owner: string | null = null;
  const offers = new Map<string, Offer>();
  for (const { event, facts } of past) {
    const change = facts.state as { to?: IncidentState } | undefined;
    if (change?.to) state = change.to;
    for (const court of courtsOf(facts.offered)) offers.set(court, "open");
    for (const court of courtsOf(facts.expired)) offers.set(court, "expired");
    for (const court of courtsOf(facts.withdrawn)) if (offers.has(court)) offers.set(court, "withdrawn");
    if (event === "decline" && typeof facts.court_id === "string") offers.set(facts.court_id, "declined");
    if (facts.owner !== undefined) owner = (facts.owner as { court_id?: string } | null)?.court_id ?? null;
    if (event === "accept" && owner) offers.set(owner, "accepted");
  }
  return {
    ...incident, state, owner_court_id: owner,
    centre: { ...incident.centre, acknowledged_by: acknowledged?.by ?? null, acknowledged_ms: acknowledged?.at_ms ?? null },
    candidates: incident.candidates.map((one): Candidate => ({ ...one, offer: offers.get(one.court_id) ?? null })),
  };
}

function courtsOf(list: unknown): string[] {
  return Array.isArray(list) ? list.map((one: { court_id?: unknown }) => one.court_id).filter((id) => typeof id === "string") : [];
}
