import type { Fix, Incident, Person, Replay, Session, Shift, ShiftCheck, Unit } from "./model";
import { nameOf, type Proof, type Recording, type RecordingDetail } from "./recording";

/** Also of links that the browser follows by itself: files and the report. */
export const BASE = "/api/v1";
const TIMEOUT_MS = 8000;
/** Every byte of a recording is read and hashed. */
const VERIFY_TIMEOUT_MS = 300_000;

/** A request that did not succeed: `status` 0 when no answer came at all. */
export class Refused extends Error {
  constructor(readonly status: number, readonly detail: string, readonly incident: Incident | null = null) {
    super(detail);
  }
}

let csrf = "";

/** For what cannot go through `request`: an upload that tells its progress. */
export function csrfToken(): string {
  return csrf;
}

async function request<T>(method: string, path: string, body?: unknown, timeoutMs = TIMEOUT_MS): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  let answer: Response;
  try {
    answer = await fetch(BASE + path, {
      method, headers, credentials: "same-origin", signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Refused(0, "");
  }
  const text = await answer.text().catch(() => {
    throw new Refused(0, ""); // it broke off in the middle
  });
  const json = parse(text);
  if (!answer.ok) {
    const problem = (json ?? {}) as { detail?: unknown; title?: unknown; incident?: Incident };
    const detail = typeof problem.detail === "string" ? problem.detail : String(problem.title ?? answer.statusText);
    throw new Refused(answer.status, detail, problem.incident ?? null);
  }
  if (json === undefined) throw new Refused(0, "");
  return json as T;
}

/** Undefined when it is no JSON; null when it is empty. */
function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return undefined;
  }
}

export async function signIn(login: string, password: string): Promise<Session> {
  return remember(await request<Session>("POST", "/session", { login, password }));
}

/** The session of this browser, or null when nobody is signed in. */
export async function currentSession(): Promise<Session | null> {
  try {
    return remember(await request<Session>("GET", "/session"));
  } catch (error) {
    if (error instanceof Refused && (error.status === 401 || error.status === 403)) return null;
    throw error;
  }
}

/** True only when the gateway itself says so; false when it cannot be reached. */
export async function sessionIsGone(): Promise<boolean> {
  return currentSession().then((session) => session === null, () => false);
}

export async function signOut(): Promise<void> {
  await request("DELETE", "/session");
  csrf = "";
}

function remember(session: Session): Session {
  csrf = session.csrf;
  return session;
}

export type Verb =
  | "acknowledge" | "offer" | "accept" | "decline" | "en_route" | "arrived" | "close" | "merge" | "note" | "callback"
  | "hand_over" | "take_over";

export interface ActBody {
  version?: number;
  court_id?: string;
  reason?: string;
  note?: string;
  answered?: boolean;
  eta_s?: number;
  into?: string;
  by_name?: string;
  to?: string;
}

export function actOn(incidentId: string, verb: Verb, body: ActBody): Promise<Incident> {
  return request("POST", `/incidents/${encodeURIComponent(incidentId)}/${verb}`, body);
}

export function incidentNow(incidentId: string): Promise<Incident> {
  return request("GET", `/incidents/${encodeURIComponent(incidentId)}`);
}

export function closedIncidents(): Promise<{ items: Incident[] }> {
  return request("GET", "/incidents?state=closed");
}

/** Newest first; `query` has the filters and the cursor of the page. */
export function listIncidents(query: URLSearchParams): Promise<{ items: Incident[]; next: string | null }> {
  return request("GET", `/incidents?${query}`);
}

export function replayOf(incidentId: string): Promise<Replay> {
  return request("GET", `/incidents/${encodeURIComponent(incidentId)}/replay`);
}

export function people(): Promise<{ items: Person[] }> {
  return request("GET", "/people");
}

export function unitNow(unitId: string): Promise<Unit> {
  return request("GET", `/units/${encodeURIComponent(unitId)}`);
}

export function setDuty(courtId: string, onDuty: boolean): Promise<unknown> {
  return request("PUT", `/courts/${encodeURIComponent(courtId)}/duty`, { on_duty: onDuty });
}

export function commandUnit(unitId: string, kind: string, more: { name?: string; value?: string | number | null } = {}): Promise<{ command_id: string }> {
  return request("POST", `/units/${encodeURIComponent(unitId)}/commands`, { kind, ...more });
}

/** What the unit replied to a command; `outcome` null: nothing yet. */
export function commandOutcome(unitId: string, commandId: string): Promise<{ outcome: string | null; detail: string | null }> {
  return request("GET", `/units/${encodeURIComponent(unitId)}/commands/${commandId}`);
}

export function shiftNow(): Promise<Shift> {
  return request("GET", "/shift");
}

export function checkShift(check: ShiftCheck): Promise<unknown> {
  return request("POST", "/shift/check", check);
}

export function leaveNote(text: string): Promise<unknown> {
  return request("POST", "/shift/notes", { text });
}

/** The stored positions of a unit between two times of arrival, oldest first: at most the newest 4,000. */
export function trackOf(unitId: string, sinceMs: number, untilMs: number | null = null): Promise<{ items: Fix[] }> {
  const until = untilMs === null ? "" : `&until_ms=${Math.ceil(untilMs)}`;
  return request("GET", `/units/${encodeURIComponent(unitId)}/track?since_ms=${Math.max(0, Math.floor(sinceMs))}${until}&limit=4000`);
}

/** Newest first; `query` has the filters and the cursor of the page. */
export function listRecordings(query: URLSearchParams): Promise<{ items: Recording[]; next: string | null }> {
  return request("GET", `/recordings?${query}`);
}

type Named = { unit_id: string; recording: string };

/** Below it: its files, its export. */
export function recordingPath(one: Named): string {
  return `/recordings/${nameOf(one)}`;
}

export function recordingNow(one: Named): Promise<RecordingDetail> {
  return request("GET", recordingPath(one));
}

export function verifyRecording(one: Named): Promise<Proof> {
  return request("POST", `${recordingPath(one)}/verify`, undefined, VERIFY_TIMEOUT_MS);
}

export function keepRecording(one: Named, verb: "hold" | "release", reason: string): Promise<RecordingDetail> {
  return request("POST", `${recordingPath(one)}/${verb}`, { reason });
}

/** A talk as the gateway's register has it; docs/api.md, "Talk". */
export interface TalkRecord {
  talk: string;
  unit_id: string;
  incident_id: string | null;
  login: string;
  name: string;
  aloud: boolean;
  call: boolean;
  began_ms: number;
  ended_ms: number | null;
  ended: string | null;
  kept: boolean;
}

/** Newest first. */
export function listTalks(unitId: string, cursor: string | null): Promise<{ items: TalkRecord[]; next: string | null }> {
  return request("GET", `/units/${encodeURIComponent(unitId)}/talks?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
}

/** Of an incident, newest first, all at once. */
export function incidentTalks(incidentId: string): Promise<{ items: TalkRecord[]; next?: null }> {
  return request("GET", `/incidents/${encodeURIComponent(incidentId)}/talks`);
}

/** A key with which a system watches by RTSP in a person's name. */
export interface StreamKey {
  key_id: string;
  login: string;
  note: string;
  unit_id: string | null;
  created_ms: number;
  ends_ms: number;
  revoked_ms: number | null;
}

/** With the key itself, told this once. */
export type MadeStreamKey = StreamKey & { key: string };

export interface RtspDoor {
  enabled: boolean;
  /** Null: another at each start. */
  port: number | null;
  /** On the gateway's own machine. */
  only_here: boolean;
  /** It speaks rtsps. */
  encrypted: boolean;
}

export function listStreamKeys(): Promise<{ items: StreamKey[]; rtsp: RtspDoor }> {
  return request("GET", "/stream-keys");
}

export function makeStreamKey(wanted: { note: string; days: number; unit_id: string | null }): Promise<MadeStreamKey> {
  return request("POST", "/stream-keys", wanted);
}

export function revokeStreamKey(keyId: string): Promise<unknown> {
  return request("DELETE", `/stream-keys/${encodeURIComponent(keyId)}`);
}
