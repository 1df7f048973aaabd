import { age, clock, difference } from "../../format";
import { type Dictionary, useWords, wordFor } from "../../i18n";
import type { LiveView } from "../../play/livePlayer";

/** A delay that a person notices. */
const LONG_MS = 1000;
/** Of a still: they come a second apart. */
const LONG_STILL_MS = 3000;
/** The rest is counted. */
const NAMED_MOST = 6;

/** What stands over the picture: how old it is, how it is sent and why, and what is wrong, in words. */
export function StageWords({ view, name, old }: { view: LiveView; name: string | null; old: boolean }) {
  const w = useWords();
  const notice = noticeOf(view, old, w);
  const degraded = view.mode !== null && view.mode !== "off" && view.why !== null && view.why !== "chosen";
  const open = view.link.state === "open";
  return (
    <>
      <p class="watch-top">
        {name !== null && <b class="cut watch-name"><bdi>{name}</bdi></b>}
        {view.takenMs !== null && <span class="number" data-taken={Math.round(view.takenMs)}>{clock(view.takenMs)}</span>}
        {!view.old && open && <Lateness view={view} />}
        {view.mode !== null && view.mode !== "off" && open && (
          <span class={degraded ? "amber" : ""} data-mode={view.mode} data-why={view.why ?? ""}>
            {degraded && <span aria-hidden="true">◆ </span>}{view.why === null ? w.watch.mode[view.mode] : w.bracketed(w.watch.mode[view.mode], wordFor(w.watch.why, view.why))}
          </span>
        )}
      </p>
      {notice && <p class="watch-notice" role="status" data-notice={notice.kind}>{notice.text}</p>}
    </>
  );
}

/** Of pictures that run on: how late they are drawn. A still stands: what matters is how old it is by now. */
function Lateness({ view }: { view: LiveView }) {
  const w = useWords();
  if (view.estimated) return <span class="amber" title={w.watch.delayUnknownNote} data-delay="unknown"><span aria-hidden="true">◆ </span>{w.watch.delayUnknown}</span>;
  const still = view.mode === "stills";
  const ms = still ? view.ageMs : view.delayMs;
  if (ms === null) return null;
  const long = ms > (still ? LONG_STILL_MS : LONG_MS);
  return (
    <span class={long ? "number amber" : "number"} title={still ? w.watch.stillAgeNote : w.watch.delayNote} {...{ [still ? "data-age" : "data-delay"]: Math.round(ms) }}>
      {long && <span aria-hidden="true">◆ </span>}{still ? w.watch.stillAge(difference(ms)) : w.watch.delay(seconds(ms))}
    </span>
  );
}

/** How it is sent, and who else looks on. */
export function Counts({ view }: { view: LiveView }) {
  const w = useWords();
  const { size, viewers } = view;
  return (
    <p class="watch-counts dim number">
      {viewers.length > 0 && <span class="cut" title={w.watch.watchedBy(viewers.join(w.comma))} data-viewers={viewers.length}>{w.watch.viewers(viewers.length)} <bdi>{viewers.slice(0, NAMED_MOST).join(w.comma)}</bdi></span>}
      {size && <span>{size.width}×{size.height}</span>}
      <span data-rate={view.bytesS ?? ""}>{w.watch.rate(view.bytesS === null ? "—" : (view.bytesS / 1000).toFixed(view.bytesS < 9950 ? 1 : 0))}</span>
      <span data-dropped={view.dropped} class={view.dropping ? "amber" : ""}>{w.watch.dropped(view.dropped)}</span>
      <span data-recording={view.recording ?? ""}>{view.recording ? w.watch.recording : w.watch.notRecording}</span>
    </p>
  );
}

/** What is worse than usual, in one line each. */
export function Worse({ view, slow }: { view: LiveView; slow: boolean }) {
  const w = useWords();
  const lines = [
    ...(slow ? [w.watch.slow] : []), ...(view.dropping ? [w.watch.dropping] : []), ...(view.behindMs > 0 ? [w.watch.behind(seconds(view.behindMs))] : []),
    ...(view.refused ? [w.watch.refused(view.refused.what === "transcode" ? w.watch.refusedTranscodes : view.refused.why)] : []),
    ...(view.bad > 0 ? [w.watch.bad(view.bad)] : []), ...(view.badSounds > 0 ? [w.watch.badSounds(view.badSounds)] : []), ...(view.huge ? [w.watch.huge] : []),
  ];
  if (lines.length === 0) return null;
  return <div class="watch-worse amber" role="status">{lines.map((line) => <p key={line}><span aria-hidden="true">◆ </span>{line}</p>)}</div>;
}

type Notice = { kind: string; text: string };

function noticeOf(view: LiveView, old: boolean, w: Dictionary): Notice | null {
  const { link } = view;
  const aged = view.ageMs === null ? "" : w.watch.noPictureFor(age(view.ageMs));
  const and = (text: string): string => (aged ? w.watch.and(text, aged) : text);
  if (link.state === "ended") return { kind: link.why, text: w.watch.link[link.why] };
  if (link.state === "connecting") return { kind: link.why, text: and(link.tried > 1 ? w.bracketed(w.watch.link[link.why], w.watch.tried(link.tried)) : w.watch.link[link.why]) };
  if (old) return { kind: "console", text: w.watch.consoleOld };
  if (link.state === "quiet") return { kind: "quiet", text: and(w.watch.link.quiet) };
  if (view.mode === "off") return { kind: "off", text: view.why === null ? w.watch.nothing : w.bracketed(w.watch.nothing, wordFor(w.watch.why, view.why)) };
  if (view.mode === "sound") return { kind: "sound", text: view.old ? and(w.watch.soundOnly) : w.watch.soundOnly };
  if (view.old && view.ageMs !== null) return { kind: "old", text: w.watch.noPictureFor(age(view.ageMs)) };
  return view.takenMs === null ? { kind: "waiting", text: w.watch.waiting } : null;
}

/** 0.12 s: a delay of which hundredths matter. */
function seconds(ms: number): string {
  return ms < 995 ? `${(ms / 1000).toFixed(2)} s` : difference(ms);
}
