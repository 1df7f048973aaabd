import { type Dictionary, useWords } from "../i18n";
import { deviceFault, sound, type SoundState, testSound } from "../sound";
import { type Sounding, sounding } from "../sounding";
import { useStore } from "../stores";
import { Speaker } from "./Shapes";

interface Said {
  text: string;
  /** Nobody would hear an alarm from this desk, or not where it was meant to be heard. */
  amber: boolean;
  audible: boolean;
}

/** What a person must know of the sound, in words: never a silent desk that looks as if it sounded. */
export function soundSaid(state: SoundState, desk: Sounding, fault: "gone" | "fixed" | null, w: Dictionary): Said {
  const elsewhere = desk.holder !== null && desk.holder !== desk.mine;
  if (state === "failed") return { text: w.soundFailed, amber: !elsewhere, audible: false };
  if (state === "refused") return { text: w.soundRefused, amber: !elsewhere, audible: false };
  if (elsewhere) return { text: w.soundElsewhere(desk.holder ?? 0), amber: false, audible: true };
  if (state === "off") return { text: w.soundOff, amber: true, audible: false };
  const text = state === "ringing" ? w.soundRinging : desk.windows > 1 ? w.soundHere(desk.mine) : w.soundOn;
  if (fault) return { text: w.soundOtherDevice, amber: true, audible: true };
  return { text: desk.shared ? text : `${text} · ${w.soundEach}`, amber: false, audible: true };
}

function useSaid(): Said & { state: SoundState; by: string } {
  const w = useWords();
  const state = useStore(sound);
  const desk = useStore(sounding);
  const said = soundSaid(state, desk, useStore(deviceFault), w);
  const by = !desk.shared ? "each" : desk.holder === null ? "none" : desk.holder === desk.mine ? "here" : "other";
  return { ...said, state, by };
}

export function SoundButton() {
  const w = useWords();
  const { text, amber, audible, state, by } = useSaid();
  return (
    <button type="button" class={`pill ${amber ? "amber-line" : ""}`} data-sound={state} data-sounding={by} onClick={() => void testSound()}>
      <Speaker on={audible} />{text}{!audible && <span class="dim sound-hint">{w.soundTest}</span>}
    </button>
  );
}

/** The same without a button. */
export function SoundWord() {
  const { text, amber, audible, state, by } = useSaid();
  return <span class={amber ? "amber" : ""} data-sound-said={state} data-sounding={by}><Speaker on={audible} /> {text}</span>;
}
