/**
 * Says how old the picture is. It runs in a worker because a browser slows the timers of a page in the
 * background to one a minute, and never those of a worker.
 *
 * In: a number, how late (ms) the message that has just come was. Out: Freshness, four times a second.
 */
import { type Freshness, LOST_AFTER_MS, STALE_AFTER_MS } from "./limits";

const CHECK_MS = 250;
let heardAtMs = performance.now();
let lateMs = 0;

self.onmessage = (event: MessageEvent<number>) => {
  heardAtMs = performance.now();
  lateMs = event.data;
  tell();
};

function tell(): void {
  const ageMs = performance.now() - heardAtMs + lateMs;
  const state = ageMs >= LOST_AFTER_MS ? "lost" : ageMs >= STALE_AFTER_MS ? "stale" : "live";
  self.postMessage({ state, ageMs } satisfies Freshness);
}

setInterval(tell, CHECK_MS);
