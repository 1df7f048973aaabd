import { type ActBody, actOn, Refused, type Verb } from "./api";
import { clock, quoted } from "./format";
import { wordFor, words } from "./i18n";
import { learn, picture } from "./live/picture";
import type { Incident } from "./model";
import { Store } from "./stores";

/** What came of an act. The newest success is shown for some seconds, a failure until it is dismissed. */
export interface Outcome {
  id: number;
  ok: boolean;
  text: string;
}

const SUCCESS_SHOWN_MS = 5000;
const OUTCOMES_SHOWN = 4;
let lastId = 0;

export const outcomes = new Store<readonly Outcome[]>([]);
/** Keys of acts that are under way; a button with a key in here is disabled. */
export const pending = new Store<ReadonlySet<string>>(new Set());

export function tell(ok: boolean, text: string): void {
  lastId += 1;
  const outcome = { id: lastId, ok, text };
  outcomes.update((old) => [...old.filter((other) => !other.ok), outcome].slice(-OUTCOMES_SHOWN));
  if (ok) setTimeout(() => dismiss(outcome.id), SUCCESS_SHOWN_MS);
}

export function dismiss(id: number): void {
  outcomes.update((old) => old.filter((outcome) => outcome.id !== id));
}

/** Runs one act and says what came of it. True when it succeeded. A second click while it runs is ignored. */
export async function run(key: string, name: string, work: () => Promise<unknown>): Promise<boolean> {
  if (pending.get().has(key)) return false;
  pending.update((old) => new Set(old).add(key));
  try {
    await work();
    tell(true, words().actDone(name));
    return true;
  } catch (error) {
    tell(false, words().actFailed(name, reasonOf(error)));
    return false;
  } finally {
    pending.update((old) => new Set([...old].filter((other) => other !== key)));
  }
}

export function actKey(incidentId: string, verb: Verb, courtId = ""): string {
  return `${incidentId}/${verb}/${courtId}`;
}

/** Acts that add to an incident whatever else happened meanwhile; all others name the version seen. */
const ADDITIVE: ReadonlySet<Verb> = new Set(["acknowledge", "note", "callback", "hand_over"]);

/** A person's act on an incident as it was on the screen. */
export function act(seen: Incident, verb: Verb, name: string, body: ActBody = {}): Promise<boolean> {
  const named = ADDITIVE.has(verb) ? body : { ...body, version: seen.version };
  return run(actKey(seen.incident_id, verb, body.court_id), name, async () => {
    try {
      learn(await actOn(seen.incident_id, verb, named));
    } catch (error) {
      if (error instanceof Refused && error.incident) learn(error.incident);
      throw error;
    }
  });
}

function reasonOf(error: unknown): string {
  const w = words();
  if (!(error instanceof Refused)) return String(error);
  if (error.status === 0) return w.noAnswer;
  if (error.status === 403) return `${w.forbidden} ${error.detail}`;
  if (error.status === 409) return `${error.incident ? whoWasFirst(error.incident) : w.changedMeanwhile} ${error.detail}`;
  return `${error.detail} (${error.status})`;
}

function whoWasFirst(now: Incident): string {
  const w = words();
  const last = now.timeline.findLast((entry) => entry.by !== null);
  if (!last?.by) return w.changedMeanwhile;
  return w.firstWas(quoted(last.by), wordFor(w.event, last.event), clock(last.at_ms));
}

/** A court's name; a page that sees only some courts learns the others' from the incident. */
export function courtName(courtId: string | null, within?: Incident): string {
  if (courtId === null) return words().unknown;
  const known = picture.get().courts.get(courtId)?.name;
  if (known) return known;
  if (within?.owner_name && within.owner_court_id === courtId) return within.owner_name;
  if (within?.court_name && within.court_id === courtId) return within.court_name;
  return within?.candidates.find((candidate) => candidate.court_id === courtId)?.name ?? courtId;
}
