import { useEffect, useState } from "preact/hooks";
import { pending, run } from "../../acts";
import { useWords } from "../../i18n";
import { learnShift, notesOpen, recordNote, shift } from "../../shift";
import { useStore } from "../../stores";
import { Dialog } from "../Dialog";
import { NoteList } from "./NoteList";

const ACT = "shift-note";
const TEXT_MOST = 4000;

/** At the end of a shift: what the next one must know, and what earlier ones left. */
export function HandOverNotes() {
  const w = useWords();
  // Kept while the sheet is closed: an alarm closes it.
  const [text, setText] = useState("");
  const now = useStore(shift);
  const busy = useStore(pending).has(ACT);
  const shown = useStore(notesOpen);
  useEffect(() => void (shown && learnShift()), [shown]);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (text.trim() && (await run(ACT, w.leaveNote, () => recordNote(text.trim())))) setText("");
  }

  return (
    <Dialog open={notesOpen} name="notes" look="shift" title={w.handOverNotes}>
      <form class="note-form" onSubmit={submit} data-form="shift-note">
        <label class="field">
          <span>{w.leaveNoteLabel}</span>
          <textarea rows={4} maxLength={TEXT_MOST} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <button type="submit" class="button primary" disabled={busy || !text.trim()}>{busy ? w.pending : w.leaveNote}</button>
      </form>
      {now && now.notes.length === 0 && <p class="dim">{w.noNotes}</p>}
      {now && now.notes.length > 0 && <NoteList notes={now.notes} />}
      {!now && <p class="amber" role="status"><span aria-hidden="true">◆ </span>{w.notesUnknown}</p>}
    </Dialog>
  );
}
