import { clock } from "../../format";
import { useWords } from "../../i18n";
import type { Replay, TimelineEntry } from "../../model";
import { eventName } from "../incident/facts";
import { type Player, SPEEDS } from "./usePlaying";

/** What an arrow key moves by. */
const STEP_MS = 1000;

/** Play, speed, and the whole time as one line with a tick for each step of the timeline. */
export function Scrubber({ player, past, ticks }: { player: Player; past: Replay; ticks: TimelineEntry[] }) {
  const w = useWords();
  // Whole steps, so that the last one is the end or beyond it (the player stops there): all that happened is reachable.
  const span = Math.max(1, Math.ceil((past.to_ms - past.from_ms) / STEP_MS)) * STEP_MS;
  // While it runs, a step that has just been passed is not the one to go back to.
  const slackMs = player.playing ? 500 : 0;
  const before = ticks.findLast((entry) => entry.at_ms < player.atMs - slackMs);
  const after = ticks.find((entry) => entry.at_ms > player.atMs + slackMs);
  const jump = (to: TimelineEntry | undefined, sign: string): preact.JSX.Element => (
    <button type="button" class="button small" disabled={!to} onClick={() => to && player.seek(to.at_ms)}
      title={to && w.replayTo(eventName(to, w), clock(to.at_ms))} aria-label={to ? w.replayTo(eventName(to, w), clock(to.at_ms)) : w.replayTicks}>
      <span aria-hidden="true">{sign}</span>
    </button>
  );
  return (
    <div class="scrubber" role="group" aria-label={w.replay}>
      <button type="button" class="button small primary scrubber-play" data-play={player.playing ? "on" : "off"} onClick={player.toggle}>
        <span aria-hidden="true">{player.playing ? "❚❚" : "▶"}</span> {player.playing ? w.replayPause : w.replayPlay}
      </button>
      {jump(before, "◀|")}
      {jump(after, "|▶")}
      <label class="scrubber-speed">
        <span class="only-heard">{w.replaySpeed}</span>
        <select value={player.speed} name="speed" onChange={(event) => player.setSpeed(Number(event.currentTarget.value))}>
          {SPEEDS.map((speed) => <option key={speed} value={speed}>{speed}×</option>)}
        </select>
      </label>
      <time class="number dim">{clock(past.from_ms)}</time>
      <div class="scrubber-line">
        <div class="ticks" aria-hidden="true">
          {ticks.map((entry) => (
            <span key={entry.seq} class={`tick tick-${entry.event}`} title={`${clock(entry.at_ms)} ${eventName(entry, w)}`}
              style={{ left: `${(100 * (Math.max(past.from_ms, Math.min(past.to_ms, entry.at_ms)) - past.from_ms)) / span}%` }}
              onClick={() => player.seek(entry.at_ms)} />
          ))}
        </div>
        <input type="range" min={past.from_ms} max={past.from_ms + span} step={STEP_MS} value={player.atMs} aria-label={w.replayAt} aria-valuetext={clock(player.atMs)}
          onInput={(event) => player.seek(Number(event.currentTarget.value))} />
      </div>
      <time class="number dim">{clock(past.to_ms)}</time>
    </div>
  );
}
