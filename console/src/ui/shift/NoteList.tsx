import { courtName } from "../../acts";
import { dateClock } from "../../format";
import { useWords } from "../../i18n";
import type { ShiftNote } from "../../model";

/** Hand-over notes: who left them, when, and who has read them. */
export function NoteList({ notes }: { notes: readonly ShiftNote[] }) {
  const w = useWords();
  return (
    <ul class="notes" tabIndex={0} aria-label={w.handOverNotes}>
      {notes.map((note) => (
        <li key={note.note_id} data-note={note.note_id}>
          <p class="dim">
            <time class="number">{dateClock(note.at_ms)}</time> · <bdi>{note.name}</bdi>
            {note.court_id !== null && <> · <bdi>{courtName(note.court_id)}</bdi></>}
          </p>
          <p class="note-text"><bdi>{note.text}</bdi></p>
          <p class="dim note-seen">{note.seen_by.length === 0 ? w.seenByNobody : <>{w.seenBy} <bdi>{note.seen_by.join(w.comma)}</bdi></>}</p>
        </li>
      ))}
    </ul>
  );
}
