import "../../style/live.css";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useWords } from "../../i18n";
import { freshness } from "../../live/watchdog";
import { type Incident, isOpen, isTest } from "../../model";
import { useStore } from "../../stores";
import { FullButton, ListenButton, LiveBar, type Profile, ProfileChoice, StillButton, wantOf } from "./LiveBar";
import { Level } from "./Level";
import { Counts, StageWords, Worse } from "./LiveStage";
import { useLivePlayer } from "./useLivePlayer";

export interface LiveViewProps {
  unitId: string;
  /** Who wears it. */
  name: string;
  /** Its open incident: stills are kept with it. */
  incident?: Incident | null;
  /** May add to the incident. */
  may?: boolean;
  lost: boolean;
  /** One of several: few words, and the name in the picture. */
  compact?: boolean;
  /** What to ask for, where it is chosen for several at once. */
  profile?: Profile;
  onClose?: () => void;
  /** Over the picture. */
  children?: ComponentChildren;
}

/** A unit, to see and to hear, now. */
export default function LiveView({ unitId, name, incident = null, may = false, lost, compact = false, profile: common, onClose, children }: LiveViewProps) {
  const w = useWords();
  const alarmed = incident !== null && isOpen(incident) && !isTest(incident);
  const { canvas, player, view } = useLivePlayer(unitId, alarmed);
  const frame = useRef<HTMLElement>(null);
  const [own, setProfile] = useState<Profile>("auto");
  const asked = useRef("auto");
  const profile = common ?? own;
  // Once found too slow for all of it, less is asked for until somebody chooses. What a browser slows down in the background
  // says nothing of the machine.
  const [slow, setSlow] = useState(false);
  useEffect(() => setSlow((before) => profile === "auto" && (before || (view?.why === "slow_viewer" && !document.hidden))), [profile, view?.why]);
  useEffect(() => {
    const forget = (): void => setSlow(false);
    document.addEventListener("visibilitychange", forget);
    return () => document.removeEventListener("visibilitychange", forget);
  }, []);
  const stale = useStore(freshness).state !== "live";
  useEffect(() => {
    if (!player || asked.current === `${profile}${slow}`) return;
    const first = asked.current === "auto" && profile === "auto" && !slow;
    asked.current = `${profile}${slow}`;
    if (!first) player.want(wantOf(profile, slow));
  }, [player, profile, slow]);
  // With the talk, where it has one: who fills the screen must still be able to speak.
  const filling = (): Element | null => frame.current?.closest("[data-attend]") ?? frame.current;
  const fullScreen = (): void => void (document.fullscreenElement ? document.exitFullscreen() : filling()?.requestFullscreen().catch(() => undefined));
  const [full, setFull] = useState(false);
  useEffect(() => {
    const look = (): void => setFull(document.fullscreenElement !== null && document.fullscreenElement === filling());
    document.addEventListener("fullscreenchange", look);
    return () => document.removeEventListener("fullscreenchange", look);
  }, []);
  const open = view?.link.state === "open";
  const old = stale || !open || (view?.old ?? false) || view?.mode === "off";
  return (
    <section ref={frame} class={`watch ${compact ? "watch-compact" : ""} ${alarmed && compact ? "watch-alarmed" : ""}`} aria-label={w.watch.ofUnit(name)} data-live-view={unitId} data-link={view?.link.state ?? "connecting"} data-old={old}>
      <div class="watch-stage" onDblClick={fullScreen}>
        <canvas ref={canvas} class={old ? "watch-old" : ""} width={640} height={480} role="img" aria-label={w.watch.ofUnit(name)} data-live-screen />
        {view && <StageWords view={view} name={compact || full ? name : null} old={stale} />}
        {/* Whether it is heard stands in the picture: that nothing is, is as much of what is seen. */}
        <div class="watch-corner">
          {(compact || view) && <Level db={view?.levelDb ?? null} />}
          {!compact && view?.line && <span class="watch-line cut number"><bdi>{view.line}</bdi></span>}
          <ListenButton unitId={unitId} alarmed={alarmed} view={view} brief={compact} />
          {compact && <>
            <span class="watch-gap" />
            {alarmed && may && <StillButton unitId={unitId} incident={incident} may={may} player={player} view={view} canvas={canvas.current} lost={lost} />}
            <FullButton full={full} onFull={fullScreen} brief />
          </>}
        </div>
        {onClose && <button type="button" class="pill watch-close" aria-label={w.watch.close} title={w.watch.close} data-live-act="close" onClick={onClose}><span aria-hidden="true">×</span></button>}
      </div>
      {!compact && (
        <>
          <LiveBar unitId={unitId} incident={incident} may={may} player={player} view={view} canvas={canvas.current} lost={lost} full={full} onFull={fullScreen} />
          <div class="watch-below">
            {view?.link.state === "open" && <Counts view={view} />}
            <ProfileChoice profile={profile} onProfile={setProfile} />
          </div>
          {view && <Worse view={view} slow={slow} />}
        </>
      )}
      {children}
    </section>
  );
}
