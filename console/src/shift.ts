import { checkShift, leaveNote, shiftNow } from "./api";
import { picture, queue, serverNowMs, waitsFor } from "./live/picture";
import type { Shift, ShiftCheck, User } from "./model";
import { Store } from "./stores";

/** A check holds no longer than the longest shift. */
const HOLDS_MS = 12 * 3600_000;

/** Null until the gateway has said it. */
export const shift = new Store<Shift | null>(null);
export const shiftOpen = new Store(false);
export const notesOpen = new Store(false);

/** Signed in by the form, not by a reload: somebody has just sat down here. */
let satDownMs: number | null = null;

export function satDown(): void {
  satDownMs = Date.now();
}

/** Ask the gateway; somebody who has just sat down is shown the check at once, unless an alarm waits for them already. */
export async function beginShift(user: User): Promise<void> {
  if (!checks(user)) return;
  const sat = satDownMs !== null;
  await learnShift();
  const called = queue(picture.get(), user).some((incident) => waitsFor(incident, user));
  if (sat && shift.get() && !called) shiftOpen.set(true);
}

export async function learnShift(): Promise<void> {
  shift.set(await shiftNow().catch(() => shift.get()));
}

/** A viewer has nothing to hear or to hand over. */
export function checks(user: User): boolean {
  return user.role !== "viewer";
}

/** "due": never done, too long ago, or by who sat here before; "failed": done, and something was not heard or seen. */
export function checkState(now: Shift | null): "unknown" | "due" | "failed" | "done" {
  if (!now) return "unknown";
  const last = now.last_check;
  if (!last || serverNowMs() - last.at_ms > HOLDS_MS || satDownMs !== null) return "due";
  return last.sound === false || last.light === false ? "failed" : "done";
}

export async function recordCheck(check: ShiftCheck): Promise<void> {
  await checkShift(check);
  satDownMs = null;
  await learnShift();
}

export async function recordNote(text: string): Promise<void> {
  await leaveNote(text);
  await learnShift();
}

/** Notes that this person has not read and did not write, the oldest first. */
export function unread(now: Shift | null): Shift["notes"] {
  return (now?.notes ?? []).filter((note) => !note.seen).sort((a, b) => a.note_id - b.note_id);
}

export function endShift(): void {
  shift.set(null);
  shiftOpen.set(false);
  notesOpen.set(false);
  satDownMs = null;
}
