import { useEffect, useRef } from "preact/hooks";
import { theme } from "../../choices";
import { clock, counter } from "../../format";
import { useWords } from "../../i18n";
import { type Laid, utcAt } from "../../play/line";
import { useStore } from "../../stores";
import { absences, type Colours, drawLanes } from "./lanes";

/** A mark of the officer, or the alarm. */
export interface Tick {
  atMs: number;
  what: "mark" | "alarm";
}

interface Props {
  line: readonly Laid[];
  totalMs: number;
  atMs: number;
  ticks: readonly Tick[];
  seek: (atMs: number) => void;
}

const STEP_MS = 100;
const SIGNS = { growing: "●", wanted: "◔", sealed: "✓", deleted: "×" } as const;
/** A sign needs so much of the line. */
const SIGN_SHARE = 0.015;

/** The whole recording as a line: how each part came, its state, marks, the alarm, and where the player is. */
export function PlayerLine({ line, totalMs, atMs, ticks, seek }: Props) {
  const w = useWords();
  const canvas = useRef<HTMLCanvasElement>(null);
  const look = useStore(theme);
  const share = (ms: number): string => `${(100 * Math.max(0, Math.min(totalMs, ms))) / totalMs}%`;
  useEffect(() => {
    const target = canvas.current;
    if (!target) return;
    const draw = (): void => drawLanes(target, line, totalMs, coloursOf(target));
    draw();
    const watch = new ResizeObserver(draw);
    watch.observe(target);
    return () => watch.disconnect();
  }, [line, totalMs, look]);
  const utcMs = utcAt(line, atMs);
  return (
    <div class="player-line" data-line>
      <div class="line-signs" aria-hidden="true">
        {line.map((one) => (one.toMs - one.fromMs) / totalMs >= SIGN_SHARE && (
          <span key={one.part.number} style={{ left: share(one.fromMs), width: share(one.toMs - one.fromMs) }} data-sign={one.part.state}
            class={one.part.state === "wanted" ? "amber" : undefined} title={`${w.rec.part(one.part.number + 1)}: ${w.rec.partState[one.part.state]}`}>
            {SIGNS[one.part.state]} <span class="number">{one.part.number + 1}</span>
          </span>
        ))}
        {absences(line).map(({ fromMs, toMs }) => (toMs - fromMs) / totalMs >= SIGN_SHARE && (
          <span key={`absent/${fromMs}`} class="amber" style={{ left: share(fromMs), width: share(toMs - fromMs) }} data-sign="absent">◇ {w.rec.partState.absent}</span>
        ))}
      </div>
      <div class="lanes">
        <canvas ref={canvas} role="img" aria-label={w.rec.lane} />
        {ticks.map((tick, i) => (
          <button key={i} type="button" class={`line-tick tick-of-${tick.what}`} tabIndex={-1} style={{ left: share(tick.atMs) }} data-tick={tick.what}
            aria-label={labelOf(tick, line, w)} title={labelOf(tick, line, w)} onClick={() => seek(tick.atMs)} />
        ))}
        <span class="line-now" style={{ left: share(atMs) }} aria-hidden="true" />
      </div>
      <input type="range" min={0} max={Math.ceil(totalMs / STEP_MS) * STEP_MS} step={STEP_MS} value={atMs} aria-label={w.rec.at}
        aria-valuetext={utcMs === null ? counter(atMs) : clock(utcMs)} onInput={(event) => seek(Number(event.currentTarget.value))} />
      <ul class="line-legend">
        {(["live", "backfilled", "missing"] as const).map((how) => <li key={how}><span class={`swatch swatch-${how}`} aria-hidden="true" />{w.rec.how[how]}</li>)}
        {(["sealed", "growing", "wanted", "deleted"] as const).map((state) => <li key={state}><span aria-hidden="true">{SIGNS[state]}</span> {w.rec.partState[state]}</li>)}
        {ticks.some((tick) => tick.what === "mark") && <li><span class="swatch-mark" aria-hidden="true" />{w.rec.marks(ticks.filter((tick) => tick.what === "mark").length)}</li>}
        {ticks.filter((tick) => tick.what === "alarm").map((tick, i) => <li key={i} class="red"><span class="swatch-alarm" aria-hidden="true" />{labelOf(tick, line, w)}</li>)}
      </ul>
    </div>
  );
}

function labelOf(tick: Tick, line: readonly Laid[], w: ReturnType<typeof useWords>): string {
  const utcMs = utcAt(line, tick.atMs);
  const at = utcMs === null ? counter(tick.atMs) : clock(utcMs);
  return tick.what === "alarm" ? w.rec.alarmAt(at) : w.rec.markAt(at);
}

function coloursOf(of: Element): Colours {
  const style = getComputedStyle(of);
  const colour = (name: string): string => style.getPropertyValue(name);
  return { live: colour("--mark"), backfilled: colour("--blue-bright"), missing: colour("--amber"), deleted: colour("--dim"), edge: colour("--ground") };
}
