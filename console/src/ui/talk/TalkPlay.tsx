import "../../style/talk.css";
import { useEffect } from "preact/hooks";
import { counter } from "../../format";
import { useWords } from "../../i18n";
import { closeTalk, pauseTalk, playTalk, seekTalk, talkPlay } from "../../play/talkPlayer";
import { useStore } from "../../stores";

const STEP_MS = 100;

/** What was said in a talk, to hear in its place. One at a time; that it was heard is in the audit. */
export default function TalkPlay({ unitId, talk, lastedMs, by }: { unitId: string; talk: string; lastedMs: number; by: string }) {
  const w = useWords();
  const now = useStore(talkPlay);
  const mine = now?.unitId === unitId && now.talk === talk ? now : null;
  useEffect(() => () => closeTalk(unitId, talk), [unitId, talk]);
  const plays = mine?.phase === "playing";
  const lengthMs = mine?.lengthMs ?? lastedMs;
  const name = plays ? w.rec.pause : w.rec.play;
  return (
    <span class="talk-play" data-talk-play={talk} data-phase={mine?.phase ?? "none"} data-at={Math.round(mine?.atMs ?? 0)}>
      <button type="button" class="pill" aria-label={w.talk.playOf(name, by)} title={name} disabled={mine?.phase === "loading"} data-talk-act="play" onClick={() => (plays ? pauseTalk() : void playTalk(unitId, talk))}>
        <span aria-hidden="true">{plays ? "❚❚" : "▶"}</span>
        <span class="number">{mine ? `${counter(mine.atMs)} / ` : ""}{counter(lengthMs)}</span>
      </button>
      {mine && mine.lengthMs !== null && (
        <input type="range" min={0} max={Math.ceil(mine.lengthMs / STEP_MS) * STEP_MS} step={STEP_MS} value={mine.atMs} aria-label={w.talk.position} aria-valuetext={counter(mine.atMs)}
          onPointerUp={(event) => event.currentTarget.blur() /* Space is to speak again */} onInput={(event) => seekTalk(Number(event.currentTarget.value))} />
      )}
      {mine?.fault && <span class="amber" role="alert" data-talk-fault={mine.fault}><span aria-hidden="true">◆ </span>{w.talk.playFault[mine.fault]}</span>}
    </span>
  );
}
