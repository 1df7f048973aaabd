import { courtName } from "../../acts";
import { age, clockExact, distance, eta, metres, plainCourt } from "../../format";
import { datum, placed } from "../../desk/choices";
import { alarmKind, type Dictionary, toldStatus, wordFor } from "../../i18n";
import { type Incident, officerOf, type TimelineEntry } from "../../model";

/** One fact of a row of the timeline, in words. */
export interface Said {
  key: string;
  name: string;
  text: string;
  amber?: boolean;
}

type Facts = Record<string, unknown>;
type Court = { court_id: string; name: string };
type Ranked = Court & { distance_m: number | null; eta_s: number | null; on_duty: boolean | null; why: string; by?: string | null };

/** Events after which nobody need own the incident. */
const ENDS: ReadonlySet<string> = new Set(["close", "merge"]);

/** What a step was decided on, in the order of the question: what, where, who was asked, who was told. `docs/api.md`
    has the shapes. A fact without words here is not shown: nothing raw reaches a dispatcher. */
export function factsOf(entry: TimelineEntry, incident: Incident, w: Dictionary): Said[] {
  const { facts } = entry;
  const said: Said[] = [];
  const say = (key: keyof Dictionary["fact"], text: string | null | undefined, amber = false): void => {
    if (text) said.push({ key, name: w.fact[key], text, amber });
  };
  const kind = facts.kind;
  if (entry.event === "alarm_raised" || entry.event === "press_again") {
    if (typeof kind === "string" || typeof kind === "number") say("kind", wordFor(w.alarmTitle, alarmKind(kind)));
  }
  if (facts.unreadable) say("unreadable", w.unreadable, true);
  say("state", stateChange(facts.state, w));
  if (typeof facts.genuine === "boolean") say("code", facts.genuine ? w.codeRight : w.codeWrong, !facts.genuine);
  if (facts.duress === true) say("duress", w.yes, true);
  if (typeof facts.pressed_ms === "number") say("pressed_ms", clockExact(facts.pressed_ms));
  if (isRecord(facts.fix)) say("fix", position(facts.fix, facts.fix_age_ms, entry.at_ms, w), isDoubtful(facts.fix));
  const worth = isRecord(facts.confidence) ? facts.confidence : null;
  if (worth) say("confidence", confidence(worth, entry.event, w), worth.worth !== "good");
  if (isRecord(facts.nearest)) say("nearest", court(facts.nearest as Ranked, w));
  for (const offer of records<Ranked>(facts.offered)) say("offered", `${court(offer, w)} · ${offer.by ?? w.byRules}`);
  const owner = isRecord(facts.owner) ? (facts.owner as Court & { by: string | null; eta_s: number | null }) : null;
  if (owner) say("owner", joined(plainCourt(owner.name), owner.by, owner.eta_s === null ? null : eta(owner.eta_s)));
  else if (facts.owner === null && !ENDS.has(entry.event)) say("owner", w.nobody, true);
  if (!owner && !facts.offered && typeof facts.court_id === "string") {
    say("court_id", entry.event === "alarm_raised" ? plainCourt(courtName(facts.court_id, incident))
      : joined(plainCourt(courtName(facts.court_id, incident)), typeof facts.eta_s === "number" ? eta(facts.eta_s) : null));
  }
  say("by_name", text(facts.by_name));
  if (typeof facts.answered === "boolean") say("answered", facts.answered ? w.yes : w.no, !facts.answered);
  say("reason", text(facts.reason));
  if (entry.event === "hand_over") say("to_name", text(facts.to_name) || text(facts.to_login));
  if (isRecord(facts.handler)) say("handler", [text(facts.handler.from), text(facts.handler.to)].filter(Boolean).join(" → "));
  if (entry.event === "attach") {
    say("name", text(facts.name));
    say("sha256", text(facts.sha256));
  }
  if (entry.event === "talk") said.push(...talkFacts(facts, w));
  say("note", text(facts.note));
  say("case_no", text(facts.case_no));
  say("expired", records<Court>(facts.expired).map((one) => plainCourt(one.name)).join(w.comma));
  if (isRecord(facts.paged)) say("paged", paged(facts.paged, w));
  say("supervisor", strings(facts.supervisor).map((why) => wordFor(w.supervisor, why)).join(w.comma), true);
  say("informed", because(facts.informed, w));
  say("withdrawn", because(facts.withdrawn, w));
  say("into", text(facts.into));
  say("incident_id", entry.event === "absorb" ? text(facts.incident_id) : null);
  say("proposed", strings(facts.proposed).join(w.comma));
  say("told", told(facts.told, incident, w));
  return said;
}

/** How long somebody spoke, how it ended, and the hash of what was said. */
function talkFacts(facts: Facts, w: Dictionary): Said[] {
  const lastedMs = number(facts.lasted_ms);
  const dropped = number(facts.dropped_packets) ?? 0;
  const said: Said[] = [];
  if (lastedMs !== null) said.push({ key: "lasted", name: w.talk.fact.lasted, text: w.talk.lasted((lastedMs / 1000).toFixed(1)) });
  if (facts.aloud === true) said.push({ key: "aloud", name: w.talk.fact.aloud, text: w.talk.aloudFact, amber: true });
  if (dropped > 0) said.push({ key: "talk_dropped", name: w.talk.fact.talk_dropped, text: w.talk.packets(dropped), amber: true });
  if (text(facts.ended) && facts.ended !== "released") said.push({ key: "ended", name: w.talk.fact.ended, text: wordFor(w.talk.ended, text(facts.ended)) });
  if (text(facts.sha256)) said.push({ key: "sha256", name: w.fact.sha256, text: text(facts.sha256) });
  return said;
}

/** What a row says happened: of a timer, which one. */
export function eventName(entry: TimelineEntry, w: Dictionary): string {
  const name = Object.hasOwn(w.event, entry.event) ? wordFor(w.event, entry.event) : w.otherEvent;
  const timer = text(entry.facts.timer);
  return timer && Object.hasOwn(w.timerName, timer) ? w.colon(name, wordFor(w.timerName, timer)) : name;
}

function stateChange(value: unknown, w: Dictionary): string | null {
  if (!isRecord(value)) return null;
  const to = wordFor(w.state, String(value.to));
  return typeof value.from === "string" ? `${wordFor(w.state, value.from)} → ${to}` : to;
}

/** A position as the log keeps it (1e-7 degrees, decimetres) or as the API gives it. */
function position(fix: Facts, ageByUnitMs: unknown, atMs: number, w: Dictionary): string {
  const lat = number(fix.lat) ?? (number(fix.lat_e7) ?? NaN) / 1e7;
  const lon = number(fix.lon) ?? (number(fix.lon_e7) ?? NaN) / 1e7;
  if (!Number.isFinite(lat) || !Number.isFinite(lon) || fix.fault === "no_fix" || fix.fault === "null_island") return w.noFix;
  const decimetres = number(fix.accuracy_dm);
  const accuracy = number(fix.accuracy_m) ?? (decimetres === null ? null : decimetres / 10);
  const taken = number(fix.taken_ms);
  const old = number(ageByUnitMs) ?? (taken === null ? null : atMs - taken);
  const when = isDoubtful(fix) || old === null ? w.timeDoubtful : w.fixAge(age(old));
  const at = placed({ lat, lon }, datum.get());
  return joined(datum.get() === "wgs84" ? at.text : `${at.text} ${at.datum}`, accuracy === null ? null : w.accuracy(metres(accuracy)), when);
}

function isDoubtful(fix: Facts): boolean {
  return Boolean(fix.fault) || number(fix.taken_ms) === null;
}

function confidence(worth: Facts, event: string, w: Dictionary): string {
  const circleM = number(worth.circle_m);
  return joined(
    wordFor(w.worth, String(worth.worth)),
    text(worth.why) && w.why(String(worth.why)),
    circleM === null ? null : w.circle(metres(circleM)),
    worth.origin === "fix" ? null : wordFor(w.origin, String(worth.origin)),
    worth.ranking === "hint" ? w.byNewest : event === "alarm_raised" ? null : w.byAlarm,
  );
}

function court(one: Ranked, w: Dictionary): string {
  const duty = one.on_duty === null ? null : one.on_duty ? w.onDuty : w.offDuty;
  return joined(plainCourt(one.name), one.distance_m === null ? null : distance(one.distance_m),
    one.eta_s === null ? null : eta(one.eta_s), duty, one.why && w.why(one.why));
}

function paged(page: Facts, w: Dictionary): string {
  const levels = strings(page.levels).map((level) => wordFor(w.level, level)).join(w.comma);
  return joined(
    w.pagedTimes(number(page.times) ?? 1),
    page.everyone_on_duty === true ? w.everyoneOnDuty : null,
    levels && w.pagedLevels(levels),
    records<Court>(page.courts).map((one) => plainCourt(one.name)).join(w.comma),
  );
}

function because(list: unknown, w: Dictionary): string {
  return records<Court & { why: string }>(list).map((one) => w.bracketed(plainCourt(one.name), wordFor(w.because, one.why))).join(w.comma);
}

/** Receipts of one step; of which officer is said when there are several. */
function told(list: unknown, incident: Incident, w: Dictionary): string {
  return records<{ status: number; unit_id: string }>(list).map((one) => {
    const status = wordFor(w.toldStatus, toldStatus(one.status));
    return w.colon(one.unit_id === incident.unit_id ? officerOf(incident) : one.unit_id, status);
  }).filter((line, i, all) => all.indexOf(line) === i).join(w.comma);
}

function joined(...parts: (string | null | undefined)[]): string {
  return parts.filter(Boolean).join(" · ");
}

function isRecord(value: unknown): value is Facts {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function records<T>(value: unknown): T[] {
  return Array.isArray(value) ? (value.filter(isRecord) as T[]) : [];
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Why the supervisor was called last, if that still holds. */
export function supervisorCall(incident: Incident): { atMs: number; why: string } | null {
  const row = incident.timeline.findLast((entry) => strings(entry.facts.supervisor).length > 0);
  const why = row && strings(row.facts.supervisor).find((one) => STILL[one]?.(incident));
  return row && why ? { atMs: row.at_ms, why } : null;
}

/** Duress has a strip of its own. */
const STILL: Record<string, (incident: Incident) => boolean> = {
  unacknowledged: (incident) => incident.centre.acknowledged_ms === null,
  not_en_route: (incident) => incident.state === "ACCEPTED",
  en_route_overdue: (incident) => incident.state === "EN_ROUTE",
  welfare_due: (incident) => incident.state === "ON_SCENE",
};
