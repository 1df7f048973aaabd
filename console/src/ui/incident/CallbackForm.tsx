import { useState } from "preact/hooks";
import { act, actKey, pending } from "../../acts";
import { useWords } from "../../i18n";
import type { Incident } from "../../model";
import { useStore } from "../../stores";

/** The call back that a claimed cancel and duress ask for: whether anybody spoke, and what was said. */
export function CallbackForm({ incident, lost }: { incident: Incident; lost: boolean }) {
  const w = useWords();
  const [text, setText] = useState("");
  const busy = useStore(pending).has(actKey(incident.incident_id, "callback"));
  const off = lost || busy;

  async function record(answered: boolean): Promise<void> {
    const note = text.trim() ? { note: text.trim() } : {};
    if (await act(incident, "callback", answered ? w.calledBack : w.notAnswered, { answered, ...note })) setText("");
  }

  return (
    <form class="line-form" data-form="callback" onSubmit={(event) => { event.preventDefault(); void record(true); }}>
      <input value={text} maxLength={500} placeholder={w.callbackNote} aria-label={w.callbackNote}
        onInput={(event) => setText(event.currentTarget.value)} />
      <button type="submit" class="button" disabled={off}>{busy ? w.pending : w.calledBack}</button>
      <button type="button" class="button" disabled={off} onClick={() => void record(false)}>{w.notAnswered}</button>
    </form>
  );
}
