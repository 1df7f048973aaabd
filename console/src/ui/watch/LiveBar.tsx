import { pending } from "../../acts";
import { useWords } from "../../i18n";
import { listening, listenTo, stopListening } from "../../listening";
import { type Incident, isOpen } from "../../model";
import { H264 } from "../../play/h264";
import type { LivePlayer, LiveView } from "../../play/livePlayer";
import type { Want } from "../../play/liveMessages";
import { sound, testSound } from "../../sound";
import { useStore } from "../../stores";
import { ATTACHMENTS_MAX } from "../../upload";
import { Speaker } from "../Shapes";
import { keepStill } from "./still";
import { LIVE_VOLUMES, liveVolume } from "./useLivePlayer";

export type Profile = "auto" | "full" | "small" | "stills" | "sound";
export const PROFILES: readonly Profile[] = ["auto", "full", "small", "stills", "sound"];
/** Where H.264 cannot be decoded (plain http from another machine), few pictures are the smaller load. */
const SMALL: Want = H264.possible ? { mode: "full", fps: null, codec: "h264", height: 240 } : { mode: "full", fps: 4, codec: "jpeg", height: null };

/** What is asked for: "auto" leaves it to the gateway, which goes by the link, until this machine turned out too slow. */
export function wantOf(profile: Profile, slow: boolean): Want {
  if (profile === "small" || (profile === "auto" && slow)) return SMALL;
  return { mode: profile === "auto" ? "full" : profile, fps: null, codec: "jpeg", height: null };
}

interface Kept {
  unitId: string;
  incident: Incident | null;
  /** May add to the incident. */
  may: boolean;
  player: LivePlayer | null;
  view: LiveView | null;
  canvas: HTMLCanvasElement | null;
  lost: boolean;
}

interface Props extends Kept {
  full: boolean;
  onFull: () => void;
}

/** What a person can do with a live picture. */
export function LiveBar({ unitId, incident, may, player, view, canvas, lost, full, onFull }: Props) {
  const w = useWords();
  return (
    <div class="watch-bar" role="group" aria-label={w.watch.title}>
      <Volume />
      <span class="watch-gap" />
      <StillButton unitId={unitId} incident={incident} may={may} player={player} view={view} canvas={canvas} lost={lost} />
      <FullButton full={full} onFull={onFull} brief />
    </div>
  );
}

export function ProfileChoice({ profile, onProfile }: { profile: Profile; onProfile: (profile: Profile) => void }) {
  const w = useWords();
  return (
    <label class="watch-profile">
      <span class="dim">{w.watch.profile}</span>
      <select name="live-profile" value={profile} onChange={(event) => onProfile(event.currentTarget.value as Profile)}>
        {PROFILES.map((one) => <option key={one} value={one}>{w.watch.profiles[one]}</option>)}
      </select>
    </label>
  );
}

/** The picture that stands, into the incident. */
export function StillButton({ unitId, incident, may, player, view, canvas, lost }: Kept) {
  const w = useWords();
  const busy = useStore(pending).has(`still/${unitId}`);
  const full = (incident?.attachments?.length ?? 0) >= ATTACHMENTS_MAX;
  const keeps = incident !== null && isOpen(incident) && may;
  const why = !keeps ? w.watch.stillNoIncident : view?.takenMs == null ? w.watch.stillNone : full ? w.watch.stillFull : null;
  return (
    <button type="button" class="button small" data-live-act="still" disabled={lost || busy || why !== null} title={why ?? w.watch.stillNote}
      onClick={() => incident && player && canvas && void keepStill(player, canvas, unitId, incident.incident_id)}>{busy ? w.pending : w.watch.still}</button>
  );
}

export function FullButton({ full, onFull, brief = false }: { full: boolean; onFull: () => void; brief?: boolean }) {
  const w = useWords();
  if (!document.fullscreenEnabled) return null;
  const text = full ? w.watch.leaveFull : w.watch.full;
  return <button type="button" class="button small" data-live-act="full" aria-label={text} title={w.watch.fullNote} onClick={onFull}>{brief && !full ? <Corners /> : text}</button>;
}

function Corners() {
  return <svg class="shape" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6"><path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" /></svg>;
}

/** Whether this unit is heard, in words, and the button for it. Never a silent picture that looks as if it sounded. */
export function ListenButton({ unitId, alarmed, view, brief = false }: { unitId: string; alarmed: boolean; view: LiveView | null; brief?: boolean }) {
  const w = useWords();
  const device = useStore(sound);
  const { unitId: heardId, elsewhere } = useStore(listening);
  const mine = heardId === unitId;
  const untested = device !== "on" && device !== "ringing";
  const state = !mine ? (elsewhere ? "elsewhere" : "not") : untested ? "off" : view?.heard ? "heard" : "silent";
  const text = !mine ? (elsewhere ? w.watch.elsewhere : w.watch.listen) : untested ? (device === "off" ? w.watch.soundUntested : w.watch.soundRefused) : view?.silent ? w.watch.listeningNothing : w.watch.listening;
  const press = (): void => {
    if (mine && !untested) return stopListening(unitId);
    listenTo(unitId, alarmed);
    if (untested) void testSound();
  };
  return (
    <button type="button" class={`pill ${mine && (untested || view?.silent) ? "amber-line" : mine ? "pill-on" : ""}`} aria-pressed={mine && !untested} data-live-act="listen" data-listen={state} title={w.watch.listenNote} onClick={press}>
      <Speaker on={mine && !untested && !view?.silent} />{(!brief || mine) && text}{brief && !mine && <span class="only-heard">{text}</span>}
    </button>
  );
}

function Volume() {
  const w = useWords();
  const [first = "20"] = LIVE_VOLUMES;
  return (
    <label class="watch-volume" title={w.watch.volume}>
      <span class="dim" aria-hidden="true">{w.watch.volumeBrief}</span>
      <input class="player-volume" type="range" min={first} max={100} step={20} value={useStore(liveVolume)} aria-label={w.watch.volume}
        onInput={(event) => liveVolume.set(event.currentTarget.value)} />
    </label>
  );
}
