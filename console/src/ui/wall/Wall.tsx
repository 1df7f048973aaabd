import { useEffect } from "preact/hooks";
import { address, go } from "../../address";
import { clock, grouped } from "../../format";
import { useWords } from "../../i18n";
import { counts, picture } from "../../live/picture";
import { freshness } from "../../live/watchdog";
import type { Incident } from "../../model";
import { selection } from "../../selection";
import { useStore } from "../../stores";
import { HealthLine } from "../HealthLine";
import { LinkStrip } from "../LinkStrip";
import MapPane from "../MapPane";
import { Mark, Shape, type ShapeKind } from "../Shapes";
import { useServerNow } from "../useServerNow";
import { WallAlarms } from "./WallAlarms";

/**
 * For a big screen that everybody in the room sees and nobody touches: the map, the counts, the alarms with their ages,
 * the clock, and how the gateway is. Nothing on it can be pressed; Escape or the browser's "back" leaves.
 */
export default function Wall({ line }: { line: Incident[] }) {
  const w = useWords();
  const now = useStore(picture);
  const fresh = useStore(freshness);
  const lost = fresh.state === "lost" || !now.known;
  const firstId = line[0]?.incident_id ?? null;
  useEffect(() => selection.set(firstId === null ? null : { what: "incident", id: firstId }), [firstId]);
  useEffect(() => {
    const leave = stayAwake();
    // Escape leaves the full screen before this page hears of it.
    const onFull = (): void => void (document.fullscreenElement === null && address.get().page === "wall" && go("desk"));
    document.addEventListener("fullscreenchange", onFull);
    return () => {
      document.removeEventListener("fullscreenchange", onFull);
      leave();
      if (document.fullscreenElement) void document.exitFullscreen();
    };
  }, []);
  return (
    <div class="wall" data-page-name="wall">
      <header class="wall-head">
        <Mark />
        <h1><bdi>{now.gateway?.name || w.appName}</bdi></h1>
        <WallCounts lost={lost} />
        <WallClock lost={lost} />
      </header>
      <LinkStrip />
      <main class="wall-body">
        <div class="wall-map" inert><MapPane key={firstId === null ? "quiet" : "alarm"} /></div>
        <WallAlarms line={line} lost={lost} />
      </main>
      <div class="wall-foot" data-live={now.known ? fresh.state : "lost"}><HealthLine /></div>
    </div>
  );
}

function WallCounts({ lost }: { lost: boolean }) {
  const w = useWords();
  const count = counts(useStore(picture));
  const shown: [string, ShapeKind, string, number, string][] = [
    ["online", "online", w.online, count.online, ""], ["offline", "offline", w.offline, count.offline, ""],
    ["low_battery", "degraded", w.lowBattery, count.lowBattery, "amber"], ["alarms", "alarm", w.alarms, count.alarms, "red"],
  ];
  return (
    <dl class="wall-counts">
      {shown.map(([name, shape, text, number, look]) => (
        <div key={name} class={!lost && number > 0 ? look : ""} data-count={name}>
          <dt><Shape kind={shape} />{text}</dt>
          <dd class="number">{lost ? w.unknownCount : grouped(number)}</dd>
        </div>
      ))}
    </dl>
  );
}

function WallClock({ lost }: { lost: boolean }) {
  const w = useWords();
  const nowMs = useServerNow(250);
  return <time class="clock wall-clock number" aria-label={w.serverClock}>{lost ? w.noTime : clock(nowMs)}</time>;
}

/** A screen that nobody touches would go dark. Returns what lets it. */
function stayAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let ended = false;
  const hold = (): void => {
    if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    navigator.wakeLock.request("screen").then((held) => (ended ? void held.release() : (lock = held)), () => undefined);
  };
  hold();
  document.addEventListener("visibilitychange", hold);
  return () => {
    ended = true;
    document.removeEventListener("visibilitychange", hold);
    void lock?.release();
  };
}
