import type { Segment } from "../recording";

/** What only the file itself tells: of a segment that has no manifest yet. */
export interface Learned {
  lastMs: number;
  utcMs: number | null;
}

/** A segment on the line of its recording; `fromMs` counts from the first segment's first block. */
export interface Laid {
  part: Segment;
  fromMs: number;
  toMs: number;
  /** Of its first block; null: the unit did not know the time. */
  utcMs: number | null;
}

/** A gap between two segments that is longer is a mistake of a clock. */
const GAP_MAX_MS = 86_400_000;
/** Of a segment that nobody has read and that has no manifest: it cannot be longer (docs/settings.md, `segment_s`). */
const UNREAD_MAX_MS = 3_600_000;

/**
 * Segments of one start of the unit are apart by its monotonic clock, so that a gap stays a gap; one of another start
 * follows at once. The same rule as of derived copies (gateway/evidence/derive.py).
 */
export function laidOut(parts: readonly Segment[], learned: ReadonlyMap<number, Learned>): Laid[] {
  const line: Laid[] = [];
  for (const part of [...parts].sort((a, b) => a.number - b.number)) {
    const before = line.at(-1);
    const known = learned.get(part.number);
    const utcMs = part.first_ms ?? known?.utcMs ?? null;
    const fromMs = before ? Math.max(before.toMs, before.fromMs + apartMs(before, part, utcMs)) : 0;
    line.push({ part, fromMs, toMs: fromMs + lengthMs(part, known), utcMs });
  }
  return line;
}

function apartMs(before: Laid, part: Segment, utcMs: number | null): number {
  let apart = 0;
  if (before.part.boot !== null && part.boot !== null) {
    apart = before.part.boot === part.boot ? (part.first_mono_ms ?? 0) - (before.part.first_mono_ms ?? 0) : 0;
  } else if (before.utcMs !== null && utcMs !== null) apart = utcMs - before.utcMs;
  return apart >= 0 && apart <= GAP_MAX_MS ? apart : 0;
}

function lengthMs(part: Segment, known: Learned | undefined): number {
  if (part.first_mono_ms !== null && part.last_mono_ms !== null) return Math.max(0, Math.min(GAP_MAX_MS, part.last_mono_ms - part.first_mono_ms));
  if (known) return known.lastMs;
  return Math.max(0, Math.min(UNREAD_MAX_MS, part.last_heard_ms - part.first_heard_ms));
}

/** The segment in which a moment lies, or the one before the gap that it lies in. */
export function laidAt(line: readonly Laid[], atMs: number): Laid | null {
  return line.findLast((one) => one.fromMs <= atMs) ?? line[0] ?? null;
}

/** The time of day of a moment; null: the unit did not know it. */
export function utcAt(line: readonly Laid[], atMs: number): number | null {
  const one = laidAt(line, atMs);
  return one?.utcMs == null ? null : one.utcMs + (atMs - one.fromMs);
}

/** The moment of a time of day; null: nothing of then was recorded. */
export function momentOf(line: readonly Laid[], utcMs: number): number | null {
  const one = line.find((laid) => laid.utcMs !== null && utcMs >= laid.utcMs && utcMs <= laid.utcMs + (laid.toMs - laid.fromMs) + 1000);
  return one?.utcMs == null ? null : one.fromMs + (utcMs - one.utcMs);
}
