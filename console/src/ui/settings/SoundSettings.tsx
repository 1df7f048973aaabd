import { useEffect, useState } from "preact/hooks";
import { soundDevice, soundDeviceName, volume, VOLUME_PCT } from "../../choices";
import { useWords } from "../../i18n";
import { deviceFault, testSound } from "../../sound";
import { sounding } from "../../sounding";
import { nameSpeakers, type Speakers, speakers } from "../../speakers";
import { useStore } from "../../stores";
import { SoundWord } from "../SoundState";

const VOLUME_STEP_PCT = 5;

/** Which loudspeaker, how loud, and which window of this desk sounds. */
export function SoundSettings() {
  const w = useWords();
  const device = useStore(soundDevice);
  const percent = Number(useStore(volume)) || VOLUME_PCT.unset;
  const fault = useStore(deviceFault);
  const desk = useStore(sounding);
  const [known, setKnown] = useState<Speakers | null>(null);
  useEffect(() => void speakers().then(setKnown), []);
  const list = known?.can === "choose" ? known.list : [];
  const choose = (id: string): void => {
    soundDeviceName.set((list.find((one) => one.id === id)?.name ?? "").slice(0, 200));
    soundDevice.set(id);
  };
  const missing = device !== "" && !list.some((one) => one.id === device);
  return (
    <fieldset class="choice">
      <legend>{w.soundSettings}</legend>
      <div class="sound-line">
        <SoundWord />
        <button type="button" class="button small" onClick={() => void testSound()}>{w.playTone}</button>
      </div>
      <label class="field">
        <span>{w.soundDevice}</span>
        <select value={device} disabled={known?.can !== "choose"} onChange={(event) => choose(event.currentTarget.value)} data-setting="device">
          <option value="">{w.deviceDefault}</option>
          {missing && <option value={device}>{w.deviceMissing}</option>}
          {list.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
        </select>
      </label>
      {known?.can === "ask" && (
        <p class="dim">
          {w.deviceAsk} <button type="button" class="link" onClick={() => void nameSpeakers().then(setKnown)}>{w.deviceAskNow}</button>
        </p>
      )}
      {known?.can === "nothing" && <p class="amber"><span aria-hidden="true">◆ </span>{w.deviceFixed}</p>}
      {fault && <p class="amber" data-device-fault={fault}><span aria-hidden="true">◆ </span>{fault === "gone" ? w.deviceGone : w.deviceFixed}</p>}
      <label class="field">
        <span>{w.volume} <b class="number">{`${percent}%`}</b></span>
        <input type="range" min={VOLUME_PCT.least} max={VOLUME_PCT.most} step={VOLUME_STEP_PCT} value={percent} data-setting="volume"
          onInput={(event) => volume.set(event.currentTarget.value)} />
      </label>
      <p class={desk.shared ? "dim" : "amber"}>
        {desk.shared ? w.oneWindowSounds : <><span aria-hidden="true">◆ </span>{w.everyWindowSounds}</>}
      </p>
    </fieldset>
  );
}
