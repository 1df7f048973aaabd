import { counter } from "../format";
import { useWords, wordFor } from "../i18n";
import { attempts } from "../live/channel";
import { picture } from "../live/picture";
import { freshness } from "../live/watchdog";
import { useStore } from "../stores";
import { Shape } from "./Shapes";

/** Says in words, across the page, that what is shown is not now. */
export function LinkStrip() {
  const w = useWords();
  const fresh = useStore(freshness);
  const tried = useStore(attempts);
  const known = useStore(picture).known;
  if (fresh.state === "live" || (!known && tried === 0)) return null;
  const lost = fresh.state === "lost";
  return (
    <div class={`strip ${lost ? "strip-lost" : ""}`} role={lost ? "alert" : "status"} data-strip={fresh.state}>
      <Shape kind="degraded" />
      <span aria-hidden="true">
        {!known ? w.unreachable : lost ? w.lostBanner(counter(fresh.ageMs)) : w.staleBanner(`${(fresh.ageMs / 1000).toFixed(1)} s`)}
      </span>
      <span class="only-heard">{lost ? w.lost : w.stale}</span>
      {lost && tried > 0 && <span class="dim" aria-hidden="true">{w.reconnecting(tried)}</span>}
    </div>
  );
}

/** Parts of the gateway that say of themselves that they fail: amber, in words, for as long as it lasts. */
export function HealthStrip() {
  const w = useWords();
  const now = useStore(picture);
  const failing = Object.entries(now.health).filter(([, part]) => isObject(part) && part.ok === false);
  if (failing.length === 0) return null;
  return (
    <div class="strip" role="status" data-strip="health">
      <Shape kind="degraded" />
      <span>{w.unhealthy}</span>
      {failing.map(([name, part]) => (
        <span key={name}><b>{wordFor(w.healthPart, name)}</b> <bdi class="dim">{isObject(part) && typeof part.problem === "string" ? part.problem : ""}</bdi></span>
      ))}
    </div>
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
