import { useEffect, useRef, useState } from "preact/hooks";
import { act, actKey, pending } from "../../acts";
import { useWords } from "../../i18n";
import { type Incident, isTest } from "../../model";
import { useStore } from "../../stores";

/** A close has a name and a reason. "Other" says nothing, so it needs words as well. */
export function CloseForm({ incident, lost, onEnd }: { incident: Incident; lost: boolean; onEnd: () => void }) {
  const w = useWords();
  const [reason, setReason] = useState(isTest(incident) ? "test" : "");
  const [text, setText] = useState("");
  const busy = useStore(pending).has(actKey(incident.incident_id, "close"));
  const first = useRef<HTMLSelectElement>(null);
  useEffect(() => first.current?.focus(), []);
  const complete = reason !== "" && (reason !== "other" || text.trim() !== "");

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!complete) return;
    const label = w.reasons[reason as keyof typeof w.reasons];
    const said = text.trim() ? `${label}: ${text.trim()}` : label;
    if (await act(incident, "close", w.close, { reason: said })) onEnd();
  }

  return (
    <form class="close-form" onSubmit={submit} data-form="close"
      onKeyDown={(event) => { if (event.key === "Escape") { event.stopPropagation(); onEnd(); } }}>
      <label>
        <span>{w.closeReason}</span>
        <select ref={first} value={reason} required onChange={(event) => setReason(event.currentTarget.value)}>
          <option value="" disabled>{w.chooseReason}</option>
          {Object.entries(w.reasons).map(([code, label]) => <option key={code} value={code}>{label}</option>)}
        </select>
      </label>
      <label>
        <span>{reason === "other" ? w.closeTextRequired : w.closeText}</span>
        <textarea rows={2} maxLength={400} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <div class="acts">
        <button type="submit" class="button primary" disabled={lost || busy || !complete}>{busy ? w.pending : w.close}</button>
        <button type="button" class="button" onClick={onEnd}>{w.cancel}</button>
      </div>
    </form>
  );
}
