import { freshness } from "./live/watchdog";
import { Store } from "./stores";

/**
 * One live sound at a time, in all windows of this browser: two officers at once are not understood, and the same one from two
 * windows is an echo. A person who chooses takes it; a picture that opens by itself takes it from no alarm. The window that
 * has it says so once a second: one that was closed, or hangs, is forgotten.
 */
export interface Listening {
  /** The unit that is listened to in this window; null: none. */
  unitId: string | null;
  /** It has an alarm: another does not take it away. */
  alarmed: boolean;
  /** What another window listens to; null: none does. */
  elsewhere: Claim | null;
}

/** Of a window, on its channel; `unitId` null: it listens no more. */
interface Claim {
  unitId: string | null;
  alarmed: boolean;
  /** When it was taken, UTC, and later than all that were known then: the latest has it. */
  atMs: number;
  /** False: its picture opened by itself, maybe before it had heard of this window. */
  chosen: boolean;
}

const BEAT_MS = 1000;
const FORGOTTEN_MS = 4000;

export const listening = new Store<Listening>({ unitId: null, alarmed: false, elsewhere: null });

const channel = "BroadcastChannel" in window ? new BroadcastChannel("tipstaff.listening") : null;
let mineAtMs = 0;
let mineChosen = false;
let latestMs = 0;
let saidAtMs = -Infinity;
/** When another window was last heard, on this page's clock. */
let heardAtMs = -Infinity;

if (channel) {
  channel.onmessage = ({ data }: MessageEvent<Claim>) => heard(data);
  // The watchdog's worker, which a browser does not slow down in the background.
  freshness.subscribe(beat);
  addEventListener("pagehide", () => stopListening(listening.get().unitId));
}

/** Because a person chose it; or not `chosen`: see listenIfFree. */
export function listenTo(unitId: string, alarmed: boolean, chosen = true): void {
  latestMs = mineAtMs = Math.max(latestMs + 1, performance.timeOrigin + performance.now());
  mineChosen = chosen;
  listening.set({ unitId, alarmed, elsewhere: null });
  say();
}

/** Because its picture was opened: an alarm goes before what is none, and never before another alarm. */
export function listenIfFree(unitId: string, alarmed: boolean): void {
  const now = listening.get();
  if (now.elsewhere && (now.elsewhere.alarmed || !alarmed)) return;
  const free = now.unitId === null || (alarmed && !now.alarmed);
  if (free || (now.unitId === unitId && now.alarmed !== alarmed)) listenTo(unitId, alarmed, false);
}

export function stopListening(unitId: string | null): void {
  if (unitId === null || listening.get().unitId !== unitId) return;
  listening.set({ unitId: null, alarmed: false, elsewhere: null });
  say();
}

function say(): void {
  const { unitId, alarmed } = listening.get();
  saidAtMs = performance.now();
  channel?.postMessage({ unitId, alarmed, atMs: mineAtMs, chosen: mineChosen } satisfies Claim);
}

function heard(claim: Claim): void {
  const { unitId, alarmed, elsewhere } = listening.get();
  latestMs = Math.max(latestMs, claim.atMs);
  if (claim.unitId === null) {
    if (elsewhere?.atMs === claim.atMs) listening.update((old) => ({ ...old, elsewhere: null }));
    return;
  }
  if (unitId !== null && mineAtMs > claim.atMs) return say();
  // It did not know of this window yet: what is heard here was first.
  if (unitId !== null && !claim.chosen && (alarmed || !claim.alarmed)) return listenTo(unitId, alarmed);
  heardAtMs = performance.now();
  if (elsewhere?.atMs !== claim.atMs) listening.set({ unitId: null, alarmed: false, elsewhere: claim });
}

function beat(): void {
  const nowMs = performance.now();
  const { unitId, elsewhere } = listening.get();
  if (elsewhere && nowMs - heardAtMs > FORGOTTEN_MS) listening.update((old) => ({ ...old, elsewhere: null }));
  else if (unitId !== null && nowMs - saidAtMs >= BEAT_MS) say();
}
