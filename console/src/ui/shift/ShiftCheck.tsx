import { useState } from "preact/hooks";
import { pending, run } from "../../acts";
import { settingsOpen, soundDeviceName } from "../../choices";
import { useWords } from "../../i18n";
import { recordCheck, shift, shiftOpen, unread } from "../../shift";
import { testSound } from "../../sound";
import { useStore } from "../../stores";
import { Dialog } from "../Dialog";
import { SoundWord } from "../SoundState";
import { LightTest } from "./LightTest";
import { NoteList } from "./NoteList";
import { Step } from "./Step";

const ACT = "shift-check";

/** At the start of a shift a person hears the tone, sees the colour and reads what was left. Nobody can do it for them. */
export function ShiftCheck() {
  const w = useWords();
  return (
    <Dialog open={shiftOpen} name="shift" look="shift" title={w.shiftCheck}>
      <Check />
    </Dialog>
  );
}

function Check() {
  const w = useWords();
  const now = useStore(shift);
  const busy = useStore(pending).has(ACT);
  const [heard, setHeard] = useState<boolean | null>(null);
  const [seen, setSeen] = useState<boolean | null>(null);
  const [played, setPlayed] = useState(false);
  const [lit, setLit] = useState(false);
  const [read, setRead] = useState(false);
  const notes = unread(now);
  const complete = heard !== null && seen !== null && (notes.length === 0 || read);

  async function finish(): Promise<void> {
    const newest = Math.max(0, ...(now?.notes ?? []).map((note) => note.note_id));
    const check = { sound: heard === true, light: seen === true, device: soundDeviceName.get() || null, note_seen: newest || null };
    if (await run(ACT, w.shiftCheck, () => recordCheck(check))) shiftOpen.set(false);
  }

  return (
    <>
      <ol class="steps">
        <Step title={w.shiftSound} answer={heard} onAnswer={setHeard} askable={played} yes={w.heardIt} no={w.notHeard} name="sound"
          advice={<>{w.notHeardAdvice} <button type="button" class="link" onClick={() => settingsOpen.set(true)}>{w.settings}</button></>}>
          <button type="button" class="button primary" data-shift="play" onClick={() => void testSound().then(() => setPlayed(true))}>{w.playTone}</button>
          <SoundWord />
        </Step>
        <Step title={w.shiftLight} answer={seen} onAnswer={setSeen} askable={lit} yes={w.sawIt} no={w.notSeen} name="light"
          advice={w.notSeenAdvice}>
          <LightTest onShown={() => setLit(true)} />
        </Step>
        <li class="step" data-step="notes" data-done={notes.length === 0 || read}>
          <h3>{w.shiftNotes} <b class="number">{notes.length}</b></h3>
          {notes.length === 0 ? <p class="dim">{w.noUnread}</p> : <NoteList notes={notes} />}
          {notes.length > 0 && (
            <label class="tick">
              <input type="checkbox" checked={read} onChange={(event) => setRead(event.currentTarget.checked)} data-shift="read" />
              <span>{w.readThem}</span>
            </label>
          )}
          {now && <p class="dim number">{w.openIncidentsNow(now.open_incidents)}</p>}
        </li>
      </ol>
      <footer class="sheet-foot">
        <p class="dim">{w.shiftLaterNote}</p>
        <button type="button" class="button" data-shift="later" onClick={() => shiftOpen.set(false)}>{w.later}</button>
        <button type="button" class="button primary" data-shift="finish" disabled={!complete || busy} onClick={() => void finish()}>
          {busy ? w.pending : w.shiftFinish}
        </button>
      </footer>
    </>
  );
}
