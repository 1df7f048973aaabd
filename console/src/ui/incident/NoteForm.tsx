import { useState } from "preact/hooks";
import { act, actKey, pending } from "../../acts";
import { useWords } from "../../i18n";
import type { Incident } from "../../model";
import { useStore } from "../../stores";

/** A line for the timeline. The text is kept until it has been stored. */
export function NoteForm({ incident, lost }: { incident: Incident; lost: boolean }) {
  const w = useWords();
  const [text, setText] = useState("");
  const busy = useStore(pending).has(actKey(incident.incident_id, "note"));

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (text.trim() && (await act(incident, "note", w.addNote, { note: text.trim() }))) setText("");
  }

  return (
    <form class="line-form" onSubmit={submit} data-form="note">
      <input value={text} maxLength={500} placeholder={w.notePlaceholder} aria-label={w.notePlaceholder}
        onInput={(event) => setText(event.currentTarget.value)} />
      <button type="submit" class="button" disabled={lost || busy || !text.trim()}>{busy ? w.pending : w.addNote}</button>
    </form>
  );
}
