/** The gateway's JSON as this page reads it. Times named `_ms` are integer UTC milliseconds. */

export type Role = "admin" | "dispatcher" | "court" | "viewer";

export interface User {
  login: string;
  name: string;
  role: Role;
  /** Sees this court and those below it; null sees all. */
  court_id: string | null;
}

export interface Session {
  user: User;
  csrf: string;
}

export interface Fix {
  lat: number;
  lon: number;
  accuracy_m: number | null;
  speed_m_s: number | null;
  course_deg: number | null;
  quality: number;
  taken_ms: number | null;
  received_ms: number;
  /** The time by which it ages; `fault` "future": its own time cannot be believed. */
  at_ms: number;
  fault: string | null;
}

export type PictureState = "ok" | "black" | "covered" | "frozen" | "blurred";

export interface Unit {
  unit_id: string;
  court_id: string;
  officer: string | null;
  case_no: string | null;
  online: boolean;
  seen_ms: number | null;
  fix: Fix | null;
  battery_pct: number | null;
  charging: boolean | null;
  signal_dbm: number | null;
  network: string | null;
  storage_free_bytes: number | null;
  storage_total_bytes: number | null;
  recording: boolean | null;
  /** What its camera shows; null: no live picture was looked at lately. */
  picture?: PictureState | null;
  firmware: string | null;
  clock_quality: number | null;
  incident_id: string | null;
  /** What the unit dropped or repeated, by name. */
  counters?: Record<string, number>;
  /** Its clock less ours when its last state arrived, the way included; null: its clock is not set. */
  clock_offset_ms?: number | null;
  uptime_s?: number | null;
  boot?: number | null;
  last_error?: string | null;
  /** Positions, events and records lost since its start. */
  dropped?: number;
  revoked?: boolean;
  certificate_ends_ms?: number | null;
}

export type CourtLevel = "high" | "intermediate" | "basic";

export interface Court {
  court_id: string;
  name: string;
  level: CourtLevel;
  parent_id: string | null;
  lat: number;
  lon: number;
  on_duty: boolean;
  placeholder: boolean;
  source: string;
}

export type IncidentState =
  | "NEW" | "OFFERED" | "UNCOVERED" | "ACCEPTED" | "EN_ROUTE" | "ON_SCENE" | "CLOSED" | "MERGED";
export type Offer = "open" | "declined" | "expired" | "accepted" | "withdrawn";
export type Timer = "offer" | "accept" | "en_route" | "welfare" | "page" | "auto_offer" | "acknowledge";
export type FixConfidence = "good" | "coarse" | "stale" | "none";

export interface Candidate {
  rank: number;
  court_id: string;
  name: string;
  level: CourtLevel;
  lat: number;
  lon: number;
  /** Null: asked by a person from outside the ranking. */
  distance_m: number | null;
  eta_s: number | null;
  on_duty: boolean;
  why: string | null;
  offer: Offer | null;
}

export interface Told {
  status: string | number;
  seq: number;
  at_ms: number;
  felt_ms: number | null;
}

export interface TimelineEntry {
  seq: number;
  at_ms: number;
  event: string;
  by: string | null;
  facts: Record<string, unknown>;
}

/** Proposed to somebody, and not yet taken: until then it is the old handler's. */
export interface HandOver {
  to_login: string;
  to_name: string;
  by: string;
  at_ms: number;
  note: string | null;
}

export interface Attachment {
  attachment_id: string | number;
  name: string;
  media_type: string;
  size_bytes: number;
  sha256: string;
  by: string;
  at_ms: number;
}

/** Somebody to whom an incident may be handed over. `live`: at an open console now. */
export interface Person {
  login: string;
  name: string;
  role: Role;
  court_id: string | null;
  live: boolean;
}

/** [at_ms, lat, lon, accuracy_m, speed_m_s, course_deg] */
export type ReplayFix = [number, number, number, number | null, number | null, number | null];

export interface ReplayUnit {
  unit_id: string;
  officer: string | null;
  court_id: string | null;
  /** Of the incident; others were near by. */
  member: boolean;
  fixes: ReplayFix[];
}

export interface Replay {
  from_ms: number;
  to_ms: number;
  units: ReplayUnit[];
  events: TimelineEntry[];
  /** Fixes were left out evenly, since there were too many. */
  thinned?: boolean | number | null;
}

export interface Incident {
  incident_id: string;
  version: number;
  state: IncidentState;
  centre: {
    acknowledged_by: string | null; acknowledged_ms: number | null;
    handler?: string | null; handler_login?: string | null; handler_ms?: number | null; handover?: HandOver | null;
  };
  kind: string | number;
  test: boolean;
  duress: boolean;
  unit_id: string;
  officer: string | null;
  court_id: string | null;
  court_name?: string | null;
  case_no: string | null;
  opened_ms: number;
  pressed_ms: number | null;
  pressed_quality: number | null;
  alarm_count: number;
  fix: Fix | null;
  fix_age_s: number | null;
  fix_confidence: FixConfidence;
  candidates: Candidate[];
  owner_court_id: string | null;
  owner_name?: string | null;
  owner_by: string | null;
  eta_s: number | null;
  deadline_ms: number | null;
  timer: Timer | null;
  told: Told[];
  closed: { by: string; reason: string; at_ms: number } | null;
  merged_into: string | null;
  near: string[];
  attachments?: Attachment[];
  timeline: TimelineEntry[];
}

/** What a person found at the start of a shift. */
export interface ShiftCheck {
  sound: boolean;
  light: boolean;
  /** The loudspeaker that was heard; null: the system's own. */
  device: string | null;
  /** The newest hand-over note that was read. */
  note_seen: number | null;
}

/** What one shift leaves to the next. */
export interface ShiftNote {
  note_id: number;
  at_ms: number;
  login: string;
  name: string;
  court_id: string | null;
  text: string;
  seen_by: string[];
  /** By the person who asks: read, or their own. */
  seen: boolean;
}

export interface Shift {
  last_check: (Partial<ShiftCheck> & { at_ms: number }) | null;
  notes: ShiftNote[];
  open_incidents: number;
}

/** `ok` of the whole, and of each part; a part that fails says why in `problem`. */
export type Health = Record<string, unknown>;

/** What the gateway is, and the settings by which it judges and estimates. */
export interface Gateway {
  version: string;
  started_ms: number;
  /** The command centre's name, empty when none is set. */
  name: string;
  /** Travel time is this times the straight line. */
  road_factor: number;
  /** An older position is stale for dispatch. */
  stale_fix_s: number;
  /** Hash of the console that the gateway serves; a gateway before it had one says none. */
  console_build?: string | null;
  /** Base maps beyond the outlines; missing when the gateway has none. */
  map?: { layers: MapLayer[] };
}

/** A map that the gateway serves; its address is on the gateway's own origin. */
export interface MapLayer {
  id: string;
  title: { zh: string; en: string };
  kind: "xyz" | "pmtiles";
  /** xyz: a template with {z}, {x}, {y}. */
  url: string;
  datum: "wgs84" | "gcj02";
  min_zoom: number;
  max_zoom: number;
  attribution: string;
  /** Lies on a base map (names, roads) instead of being one. */
  overlay: boolean;
  /** The map that an overlay was drawn for; missing or null: it lies on any. */
  over?: string | null;
}

export type ServerMessage =
  | { t: "snapshot"; seq: number; now_ms: number; gateway: Gateway;
      courts: Court[]; units: Unit[]; incidents: Incident[]; health: Health }
  | { t: "delta"; seq: number; now_ms: number; units?: Unit[]; courts?: Court[]; health?: Health }
  | { t: "tick"; seq: number; now_ms: number }
  | { t: "incident"; seq: number; now_ms: number; incident: Incident };

/** Battery at or below this is shown as low: where the unit itself calls it low (firmware/bodyunit/state.py). */
export const LOW_BATTERY_PCT = 15;
/** Signal below this is shown as weak (LTE RSRP at the edge of a cell). */
export const WEAK_SIGNAL_DBM = -115;

/** May send units commands and speak to their officers. */
export function mayDirect(user: User): boolean {
  return user.role === "admin" || user.role === "dispatcher";
}

export function isOpen(incident: Incident): boolean {
  return incident.state !== "CLOSED" && incident.state !== "MERGED";
}

/** A test of the equipment. An exercise is handled as if it were real, and says that it is one. */
export function isTest(incident: Incident): boolean {
  return incident.test && incident.kind !== "exercise" && incident.kind !== 6;
}

export function isLowBattery(unit: Unit): boolean {
  return unit.online && !unit.charging && unit.battery_pct !== null && unit.battery_pct <= LOW_BATTERY_PCT;
}

export function isDegraded(unit: Unit): boolean {
  return isLowBattery(unit) || hasWeakSignal(unit) || unseen(unit) !== null;
}

export function hasWeakSignal(unit: Unit): boolean {
  return unit.online && unit.signal_dbm !== null && unit.signal_dbm < WEAK_SIGNAL_DBM;
}

/** Why its live picture shows nothing; null while it does, or sends none. */
export function unseen(unit: Unit): Exclude<PictureState, "ok"> | null {
  return unit.online && unit.picture && unit.picture !== "ok" ? unit.picture : null;
}

/** The unit's own time of it is missing or cannot be believed: its age is only that of its arrival. */
export function isTimeDoubtful(fix: Fix): boolean {
  return fix.fault !== null || fix.taken_ms === null;
}

/** The officer moves after the alarm: whichever position came last. */
export function newestFix(incident: Incident, now: Fix | null): Fix | null {
  if (!isOpen(incident) || !now) return incident.fix;
  return !incident.fix || now.received_ms >= incident.fix.received_ms ? now : incident.fix;
}

export function officerOf(of: { officer: string | null; unit_id: string }): string {
  return of.officer?.trim() ? of.officer : of.unit_id;
}
