import { Store } from "../stores";
import { takeWatchdog } from "./greeting";
import { type Freshness, LOST_AFTER_MS } from "./limits";

/** Lost until proved otherwise: a page whose worker does not start must not look alive. */
export const freshness = new Store<Freshness>({ state: "lost", ageMs: LOST_AFTER_MS });

/** Starts the watchdog. Tell `heard` each time the gateway spoke, with how late that message was (ms). */
export function startWatchdog(): { heard: (lateMs: number) => void; stop: () => void } {
  const worker = takeWatchdog();
  worker.onmessage = (event: MessageEvent<Freshness>) => {
    const old = freshness.get();
    const next = event.data;
    if (old.state !== next.state || Math.abs(old.ageMs - next.ageMs) >= 100) freshness.set(next);
  };
  worker.onerror = () => freshness.set({ state: "lost", ageMs: LOST_AFTER_MS });
  return {
    heard: (lateMs) => worker.postMessage(lateMs),
    stop: () => {
      worker.terminate();
      freshness.set({ state: "lost", ageMs: LOST_AFTER_MS });
    },
  };
}
