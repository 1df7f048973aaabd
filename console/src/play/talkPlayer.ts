import { BASE } from "../api";
import { sound, soundDeviceNow } from "../sound";
import { Store } from "../stores";
import { BlockReader } from "./blocks";
import { Speaker } from "./speaker";
import { readTalk, type SpokenTalk, TalkUnreadable } from "./spokenTalk";

/** What is wrong: nothing is kept (any more); it is not what was recorded; no file of ours; no answer; the browser lets no sound out. */
export type TalkFault = "gone" | "damaged" | "unreadable" | "failed" | "mute";

/** The talk that is played on this page: one at a time. */
export interface TalkPlay {
  unitId: string;
  talk: string;
  phase: "loading" | "playing" | "paused";
  atMs: number;
  /** Null: not read yet. */
  lengthMs: number | null;
  fault: TalkFault | null;
}

export const talkPlay = new Store<TalkPlay | null>(null);

/** While an alarm sounds, what was said must not drown it. */
const UNDER_ALARM = 0.15;
const TICK_MS = 100;
const LEAD_S = 0.05;
/** Handed to the loudspeaker in pieces, so long before they are heard. */
const PIECE_MS = 1000;
const AHEAD_MS = 1500;
const WAKE_MS = 1500;

let own: AudioContext | null = null;
let speaker: Speaker | null = null;
let spoken: SpokenTalk | null = null;
let asked = 0;
let timer: ReturnType<typeof setInterval> | undefined;
/** Where on the audio clock the talk began, and what was handed over. */
let zeroS = 0;
let nextMs = 0;

sound.subscribe(() => loudness());

/** From a click: from where it was paused, or from its beginning. */
export async function playTalk(unitId: string, talk: string): Promise<void> {
  const old = talkPlay.get();
  const same = old?.unitId === unitId && old.talk === talk && spoken !== null;
  halt();
  asked += 1;
  const mine = asked;
  if (!same) spoken = null;
  const fromMs = same && old.lengthMs !== null && old.atMs < old.lengthMs ? old.atMs : 0;
  talkPlay.set({ unitId, talk, phase: "loading", atMs: fromMs, lengthMs: same ? old.lengthMs : null, fault: null });
  try {
    const found = spoken ?? await fetched(unitId, talk);
    const device = await loudspeaker();
    if (mine !== asked) return;
    spoken = found;
    if (!device) return fail("mute");
    speaker = device;
    change({ lengthMs: found.lengthMs });
    begin(fromMs);
  } catch (error) {
    if (mine === asked) fail(typeof error === "string" ? (error as TalkFault) : error instanceof TalkUnreadable ? "unreadable" : "failed");
  }
}

export function pauseTalk(): void {
  const now = talkPlay.get();
  if (!now) return;
  asked += 1;
  halt();
  change({ phase: "paused", atMs: now.phase === "playing" ? atNow(now) : now.atMs });
}

export function seekTalk(atMs: number): void {
  const now = talkPlay.get();
  if (!now || now.lengthMs === null) return;
  const to = Math.max(0, Math.min(now.lengthMs, atMs));
  if (now.phase !== "playing") return change({ atMs: to });
  halt();
  begin(to);
}

/** It is out of sight, or somebody speaks. */
export function closeTalk(unitId?: string, talk?: string): void {
  const now = talkPlay.get();
  if (!now || (talk !== undefined && (now.talk !== talk || now.unitId !== unitId))) return;
  asked += 1;
  halt();
  spoken = null;
  talkPlay.set(null);
}

function begin(fromMs: number): void {
  if (!speaker) return;
  zeroS = speaker.context.currentTime + LEAD_S - fromMs / 1000;
  nextMs = fromMs;
  loudness();
  change({ phase: "playing", atMs: fromMs });
  timer = setInterval(tick, TICK_MS);
  tick();
}

function tick(): void {
  const now = talkPlay.get();
  if (!now || !speaker || !spoken) return;
  const atMs = atNow(now);
  while (nextMs < spoken.lengthMs && nextMs < atMs + AHEAD_MS) {
    const endMs = Math.min(spoken.lengthMs, (Math.floor(nextMs / PIECE_MS) + 1) * PIECE_MS);
    speaker.play({ content: spoken.between(nextMs, endMs), head: spoken.head }, zeroS + nextMs / 1000, 1);
    nextMs = endMs;
  }
  if (atMs >= spoken.lengthMs) {
    halt();
    change({ phase: "paused", atMs: spoken.lengthMs });
  } else change({ atMs });
}

function atNow(now: TalkPlay): number {
  return speaker ? Math.max(now.atMs, Math.min(now.lengthMs ?? 0, (speaker.context.currentTime - zeroS) * 1000)) : now.atMs;
}

function halt(): void {
  clearInterval(timer);
  speaker?.silence();
}

function fail(fault: TalkFault): void {
  halt();
  change({ phase: "paused", fault });
}

function change(to: Partial<TalkPlay>): void {
  talkPlay.update((now) => now && { ...now, ...to });
}

function loudness(): void {
  if (speaker) speaker.volume = sound.get() === "ringing" ? UNDER_ALARM : 1;
}

/** The page's own sound device if somebody tested it; else one for talks alone. Null: the browser lets no sound out. */
async function loudspeaker(): Promise<Speaker | null> {
  const context = soundDeviceNow() ?? (own ??= new AudioContext());
  await Promise.race([context.resume(), new Promise((done) => setTimeout(done, WAKE_MS))]);
  if (context.state !== "running") return null;
  return speaker?.context === context ? speaker : new Speaker(context);
}

/** Rejects with a TalkFault, or TalkUnreadable. */
async function fetched(unitId: string, talk: string): Promise<SpokenTalk> {
  const answer = await fetch(`${BASE}/units/${encodeURIComponent(unitId)}/talks/${encodeURIComponent(talk)}`, { credentials: "same-origin" });
  if (answer.status === 404) throw "gone" satisfies TalkFault;
  if (answer.status === 500) throw "damaged" satisfies TalkFault;
  if (!answer.ok || !answer.body) throw "failed" satisfies TalkFault;
  return readTalk(answer.body, new BlockReader());
}
