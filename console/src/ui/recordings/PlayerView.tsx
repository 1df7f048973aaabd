import { useEffect, useState } from "preact/hooks";
import { shortKeys } from "../../choices";
import { clock, counter, day, difference } from "../../format";
import { type Dictionary, useWords } from "../../i18n";
import { kept, oneOf } from "../../kept";
import { utcAt } from "../../play/line";
import { type Notice, type Player, SPEEDS } from "../../play/player";
import type { RecordingDetail } from "../../recording";
import { sound } from "../../sound";
import { useStore } from "../../stores";
import { isTyping } from "../useKeys";
import { PlayerLine } from "./PlayerLine";
import type { Playing } from "./usePlayer";

const SEEK_MS = 5000;
/** While an alarm sounds, a recording must not drown it. */
const UNDER_ALARM = 0.15;
const muted = kept<"yes" | "no">("player-muted", "no", oneOf("yes", "no"));

/** Picture, controls, and the line of the whole recording. */
export function PlayerView({ detail, playing: { canvas, player, state, line, totalMs, ticks } }: { detail: RecordingDetail; playing: Playing }) {
  const w = useWords();
  const [volume, setVolume] = useState(1);
  const quiet = useStore(muted) === "yes";
  const ringing = useStore(sound) === "ringing";
  useEffect(() => {
    if (player) player.volume = quiet ? 0 : volume * (ringing ? UNDER_ALARM : 1);
  }, [player, volume, quiet, ringing]);
  usePlayerKeys(player);
  const atMs = state?.atMs ?? 0;
  const utcMs = utcAt(line, atMs);
  const slackMs = state?.playing ? 500 : 0;
  const before = ticks.findLast((tick) => tick.atMs < atMs - slackMs);
  const after = ticks.find((tick) => tick.atMs > atMs + slackMs);
  const growing = !detail.complete && detail.deleted_ms === null;
  const button = (name: string, label: string, sign: string, act: (() => void) | null): preact.JSX.Element => (
    <button type="button" class="button small" data-player-act={name} disabled={!player || act === null} aria-label={label} title={label} onClick={() => act?.()}><span aria-hidden="true">{sign}</span></button>
  );
  return (
    <section class="player" aria-label={w.rec.player} data-player={state?.playing ? "playing" : "paused"} data-notice={state?.notice.kind ?? "loading"}>
      <div class="stage" tabIndex={0} role="group" aria-label={w.rec.screen} onClick={() => player?.toggle()}>
        <canvas ref={canvas} class={state?.pictured ? undefined : "stage-old"} role="img" aria-label={w.rec.screen} data-screen />
        <p class="stage-clock number">
          {utcMs === null ? <span class="amber">◆ {w.deviceClockUnset}</span> : <>{day(utcMs)} <b>{clock(utcMs)}</b></>}
        </p>
        {state?.line && <p class="stage-line"><bdi>{state.line}</bdi></p>}
        {state && <StageNotice notice={state.notice} instead={detail.deleted_ms !== null ? w.rec.deletedAll : detail.parts.length === 0 ? w.rec.empty : null} />}
      </div>
      {state && <Faults fault={state.fault} bad={state.badPictures} huge={state.hugePicture} />}
      <PlayerLine line={line} totalMs={totalMs} atMs={atMs} ticks={ticks} seek={(to) => player?.seek(to)} />
      <div class="player-acts" role="group" aria-label={w.rec.player}>
        <button type="button" class="button small primary scrubber-play" disabled={!player} data-player-act="play" onClick={() => player?.toggle()}>
          <span aria-hidden="true">{state?.playing ? "❚❚" : "▶"}</span> {state?.playing ? w.rec.pause : w.rec.play}
        </button>
        {button("back", w.rec.back, "−5", () => player?.seek(atMs - SEEK_MS))}
        {button("on", w.rec.on, "+5", () => player?.seek(Math.min(totalMs, atMs + SEEK_MS)))}
        {button("step-back", w.rec.stepBack, "◂|", () => player?.step(-1))}
        {button("step-on", w.rec.stepOn, "|▸", () => player?.step(1))}
        {ticks.length > 0 && button("before", w.rec.before, "⚑◂", before ? () => player?.seek(before.atMs) : null)}
        {ticks.length > 0 && button("after", w.rec.after, "▸⚑", after ? () => player?.seek(after.atMs) : null)}
        <label class="scrubber-speed">
          <span class="only-heard">{w.rec.speed}</span>
          <select name="player-speed" value={state?.speed ?? 1} onChange={(event) => player?.setSpeed(Number(event.currentTarget.value))}>
            {SPEEDS.map((speed) => <option key={speed} value={speed}>{speed}×</option>)}
          </select>
        </label>
        <button type="button" class="button small" aria-pressed={quiet} data-player-act="mute" onClick={() => muted.set(quiet ? "no" : "yes")}>{quiet ? w.rec.unmute : w.rec.mute}</button>
        <input class="player-volume" type="range" min={0} max={1} step={0.05} value={volume} disabled={quiet} aria-label={w.rec.volume} onInput={(event) => setVolume(Number(event.currentTarget.value))} />
        {growing && button("live", w.rec.toLive, "▸▸", () => player?.seek(Math.max(0, totalMs - 3000)))}
        <span class="number player-time"><b>{counter(atMs)}</b> <span class="dim">/ {counter(totalMs)}</span></span>
        {state?.playing && !state.sound && state.speed <= 2 && <span class="amber">◆ {w.rec.noSound}</span>}
        {state && state.speed > 2 && <span class="dim">{w.rec.silentFast}</span>}
        <span class="dim page-hint">{w.rec.keys}</span>
      </div>
    </section>
  );
}

function StageNotice({ notice, instead }: { notice: Notice; instead: string | null }) {
  const w = useWords();
  const said = instead ?? wordsOf(notice, w);
  return said ? <p class="stage-notice" role="status">{said}</p> : null;
}

function wordsOf(notice: Notice, w: Dictionary): string | null {
  if (notice.kind === "skipped") return w.rec.gapSkipped(difference(notice.ms));
  if (notice.kind === "none" || notice.kind === "fault") return null;
  return { loading: w.rec.loading, waiting: w.rec.waiting, end: w.rec.end, noPicture: w.rec.noPicture, soundOnly: w.rec.soundOnly }[notice.kind];
}

/** What could not be played, in one line each; it takes nothing else with it. */
function Faults({ fault, bad, huge }: { fault: Notice | null; bad: number; huge: boolean }) {
  const w = useWords();
  const lines = [
    ...(fault?.kind === "fault" ? [w.rec[{ broken: "broken", foreign: "foreignPart", unreadable: "unreadable" }[fault.why] as "broken"](w.rec.part(fault.part + 1))] : []),
    ...(bad > 0 ? [w.rec.badPictures(bad)] : []), ...(huge ? [w.rec.hugePicture] : []),
  ];
  if (lines.length === 0) return null;
  return <div class="player-faults amber" role="alert">{lines.map((line) => <p key={line}><span aria-hidden="true">◆ </span>{line}</p>)}</div>;
}

/** Space and the arrows wherever nobody writes or presses a button. */
function usePlayerKeys(player: Player | null): void {
  useEffect(() => {
    if (!player) return;
    const acts: Record<string, () => void> = {
      " ": () => player.toggle(),
      ArrowLeft: () => player.seek(player.state.get().atMs - SEEK_MS),
      ArrowRight: () => player.seek(player.state.get().atMs + SEEK_MS),
      ",": () => player.step(-1),
      ".": () => player.step(1),
    };
    function onKey(event: KeyboardEvent): void {
      const act = acts[event.key];
      if (!act || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || document.querySelector("dialog[open]")) return;
      // The slider of the line is moved by the same keys; that of the volume has arrows of its own.
      const slider = event.target instanceof HTMLInputElement && event.target.type === "range" ? event.target : null;
      if (slider ? event.key !== " " && !slider.closest("[data-line]") : isTyping(event.target)) return;
      if (event.target instanceof Element && (event.target.closest("[data-place-map]") || (event.key === " " && event.target.closest("button, a, summary")))) return;
      if ((event.key === "," || event.key === ".") && shortKeys.get() === "off") return;
      event.preventDefault();
      act();
    }
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [player]);
}
