/**
 * An alarm flood, as ISA-18.2 has it: it begins when more than ten alarms have come within ten minutes, and is over
 * when fewer than five have. Worked out from the times alone, so that every window of the centre says the same.
 */
export const FLOOD_WINDOW_MS = 600_000;
const BEGINS_ABOVE = 10;
const ENDS_BELOW = 5;

/** Since when the flood is (the first alarm of the ten minutes that made it one), or null when there is none. */
export function floodSince(openedMs: readonly number[], nowMs: number): number | null {
  const times = openedMs.filter((ms) => ms <= nowMs).sort((a, b) => a - b);
  let sinceMs: number | null = null;
  for (const [i, ms] of times.entries()) {
    const first = times[i - BEGINS_ABOVE];
    if (sinceMs === null && first !== undefined && ms - first <= FLOOD_WINDOW_MS) sinceMs = first;
    // The fifth last of those that have come leaves the window before another comes: calm between the two.
    const fifthLast = times[i - (ENDS_BELOW - 1)] ?? -Infinity;
    if ((times[i + 1] ?? nowMs) - fifthLast > FLOOD_WINDOW_MS) sinceMs = null;
  }
  return sinceMs;
}
