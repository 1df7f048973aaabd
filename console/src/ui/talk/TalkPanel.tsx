import "../../style/talk.css";
import { useEffect, useState } from "preact/hooks";
import { counter } from "../../format";
import { useWords, wordFor } from "../../i18n";
import { serverNowMs } from "../../live/picture";
import { freshness } from "../../live/watchdog";
import type { User } from "../../model";
import { useStore } from "../../stores";
import type { TalkState } from "../../talk/channel";
import { hold } from "../../talk/hold";
import type { Talk, Talker } from "../../talk/talker";
import { Level } from "../watch/Level";
import { HandOver } from "./HandOver";
import { useTalker } from "./useTalker";
import { useTalkKeys } from "./useTalkKeys";

/** The second key holds for so long. */
const ARMED_MS = 15_000;

/** Speaking with an officer: who speaks now, and the ways to be heard. Nobody is heard who does not hold a key. */
export default function TalkPanel({ unitId, user, lost }: { unitId: string; user: User; lost: boolean }) {
  const w = useWords();
  const { talker, talk } = useTalker(unitId);
  const stale = useStore(freshness).state !== "live" || lost;
  const state = talk?.state ?? null;
  const silent = state?.silent ?? false;
  const [armed, setArmed] = useState(false);
  const [hit, setHit] = useState(false);
  useEffect(() => {
    setArmed(false);
    setHit(false);
  }, [silent, unitId]);
  useEffect(() => {
    if (!armed || talk?.wish) return undefined;
    const timer = setTimeout(() => setArmed(false), ARMED_MS);
    return () => clearTimeout(timer);
  }, [armed, talk?.wish]);
  useEffect(() => {
    if (stale) talker?.stop();
  }, [stale, talker]);

  const taken = state !== null && (state.by !== null && !state.you || state.offer !== null && !state.offer.you && state.offer.by.login !== user.login);
  const reached = state !== null && state.online && state.speaker !== "none";
  const may = talker !== null && !stale && talk?.link === "open" && reached && !taken;
  useTalkKeys(talker, may, silent && !armed ? "second" : armed ? "armed" : "plain", () => setHit(true));
  const heard = talk?.heard ?? false;
  const ready = may && (!silent || armed);
  // Whoever speaks, or what is wrong with the line, comes first.
  const warns = silent && !stale && talk?.link === "open" && state?.by === null && state.offer === null && talk.wish === null;
  return (
    <section class={`talk ${heard ? "talk-heard" : ""} ${silent ? "talk-silent" : ""}`} aria-label={w.talk.title} data-talk={unitId}
      data-talk-state={heard ? "you" : state?.by && !state.you ? "other" : "nobody"} data-mic={talk?.mic ?? "off"} data-silent={silent}>
      {/* First, and nothing that comes and goes above it: a button must not move under the finger. */}
      <div class="talk-bar" role="group" aria-label={w.talk.title}>
        <HoldButton talker={talker} talk={talk} ready={ready} armed={armed} />
        {talk?.wish === "call"
          ? <button type="button" class="button primary" data-talk-act="hang-up" onClick={() => talker?.stop()}>{w.talk.hangUp}</button>
          : <button type="button" class="button" disabled={!ready || talk?.wish === "push"} data-talk-act="call" onClick={() => talker?.start("call", armed)}>{w.talk.call}</button>}
        {silent && !heard && <button type="button" class="button" aria-pressed={armed} disabled={!may} title={w.talk.armNote} data-talk-act="arm" onClick={() => setArmed(!armed)}>{armed ? w.talk.armed : w.talk.arm}</button>}
        {heard && state && <HandOver present={state.present} onTo={(login) => talker?.handOver(login)} />}
      </div>
      {/* As high as what takes most room here, from the first draw on. */}
      <p class="talk-now" role="status">
        {warns ? <Warning kept={hit && !armed} /> : <Now talk={talk} stale={stale} user={user} />}
        {heard && talk && <Level db={talk.levelDb} />}
      </p>
      {state?.offer?.you && talk?.wish === null && (
        <p class="talk-offer" role="alert" data-talk-offer={state.offer.by.login}>
          <strong><bdi>{w.talk.offered(state.offer.by.name)}</bdi></strong>
          <button type="button" class="button small primary" disabled={!ready} data-talk-act="take" onClick={() => talker?.start("call", armed)}>{w.talk.take}</button>
        </p>
      )}
      {heard && state?.aloud && <p class="talk-aloud amber"><span aria-hidden="true">◆ </span>{w.talk.aloudNow}</p>}
      <Faults talk={talk} state={state} stale={stale} />
    </section>
  );
}

/** Nothing sounds, and what would: in the place of "nobody speaks". */
function Warning({ kept }: { kept: boolean }) {
  const w = useWords();
  return <span class="amber" data-talk-warning><span aria-hidden="true">◆ </span>{kept && <strong role="alert" data-talk-kept-silent>{w.talk.keptSilent} </strong>}{w.talk.silentNow}</span>;
}

function Now({ talk, stale, user }: { talk: Talk | null; stale: boolean; user: User }) {
  const w = useWords();
  const state = talk?.state ?? null;
  if (stale) return <span class="amber"><span aria-hidden="true">◆ </span>{w.talk.stale}</span>;
  if (!talk || talk.link === "connecting") return <span class="dim">{w.talk.connecting}</span>;
  if (talk.link !== "open" || !state) return <span class="amber" data-talk-link={talk.link}><span aria-hidden="true">◆ </span>{talk.link === "open" ? w.talk.link.lost : w.talk.link[talk.link]}</span>;
  if (talk.wish !== null && !talk.heard) return <span>{talk.mic === "opening" ? w.talk.opening : w.talk.asking}</span>;
  const since = state.since_ms === null ? "" : counter(Math.max(0, serverNowMs() - state.since_ms));
  if (talk.heard) return <><b class="talk-mark" aria-hidden="true">●</b><strong>{state.call ? w.talk.youCall : w.talk.you}</strong> <span class="number">{since}</span></>;
  if (state.by && !state.you) return <><b class="talk-mark" aria-hidden="true">◐</b><bdi>{state.by.login === user.login ? w.talk.youElsewhere : w.talk.other(state.by.name)}</bdi> <span class="number dim">{since}</span></>;
  if (state.offer && !state.offer.you) return <bdi>{w.talk.offeredTo(state.offer.by.name, state.offer.to.name)}</bdi>;
  return <span class="dim">{w.talk.listenOnly}</span>;
}

/** For mouse and finger; Space does the same. */
function HoldButton({ talker, talk, ready, armed }: { talker: Talker | null; talk: Talk | null; ready: boolean; armed: boolean }) {
  const w = useWords();
  const held = talk?.wish === "push";
  return (
    <button type="button" class={`button talk-hold ${held ? "talk-held" : "primary"} ${armed ? "talk-armed" : ""}`} disabled={!held && (!ready || talk?.wish === "call")} aria-pressed={held} data-talk-act="hold"
      title={w.talk.note} onContextMenu={(event) => event.preventDefault()}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        if (talker) hold(talker, armed, { pointerId: event.pointerId });
      }}
      onKeyDown={(event) => {
        if (event.code !== "Space" || event.repeat) return;
        event.preventDefault();
        event.stopPropagation();
        if (talker) hold(talker, armed || event.shiftKey, { key: "Space" });
      }}>
      {held ? w.talk.letGo : armed ? w.talk.holdAloud : w.talk.hold}
    </button>
  );
}

/** What stands in the way, and what to do about it. */
function Faults({ talk, state, stale }: { talk: Talk | null; state: TalkState | null; stale: boolean }) {
  const w = useWords();
  const lines: string[] = [];
  if (talk && talk.mic !== "on" && talk.mic !== "off" && talk.mic !== "opening") lines.push(w.talk.mic[talk.mic]);
  if (state && !state.online) lines.push(wordFor(w.talk.why, "offline"));
  else if (state && state.speaker === "none") lines.push(wordFor(w.talk.why, "no_speaker"));
  const refusal = talk?.refusal;
  if (refusal && !stale && refusal.why !== "offline" && refusal.why !== "no_speaker" && !(refusal.why === "silent" && state?.silent)) {
    lines.push(refusal.why === "busy" && refusal.by ? w.talk.busy(refusal.by.name) : wordFor(w.talk.why, refusal.why));
  }
  if (talk?.heard && state && state.dropped > 0) lines.push(w.talk.dropped(state.dropped));
  return (
    <>
      {lines.map((line) => <p key={line} class="talk-fault amber" role="alert"><span aria-hidden="true">◆ </span><bdi>{line}</bdi></p>)}
    </>
  );
}
