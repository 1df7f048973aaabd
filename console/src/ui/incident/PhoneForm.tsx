import { useEffect, useRef, useState } from "preact/hooks";
import { act, actKey, pending } from "../../acts";
import { useWords } from "../../i18n";
import type { Candidate, Incident } from "../../model";
import { useStore } from "../../stores";

interface Props {
  incident: Incident;
  candidate: Candidate;
  verb: "accept" | "decline";
  lost: boolean;
  onEnd: () => void;
}

/** A court's answer by telephone: recorded with the name of the person who gave it. */
export function PhoneForm({ incident, candidate, verb, lost, onEnd }: Props) {
  const w = useWords();
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const busy = useStore(pending).has(actKey(incident.incident_id, verb, candidate.court_id));
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const accept = verb === "accept";
  const refusal = incident.owner_court_id === candidate.court_id ? w.cannotGo : w.declined;
  const answer = accept ? w.byPhone : refusal;

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!name.trim()) return;
    const body = {
      court_id: candidate.court_id, by_name: name.trim(), ...(!accept && reason.trim() ? { reason: reason.trim() } : {}),
    };
    if (await act(incident, verb, `${candidate.name} ${answer}`, body)) onEnd();
  }

  return (
    <form class="phone-form" onSubmit={submit} data-form="phone" aria-label={w.answerOf(candidate.name)}
      onKeyDown={(event) => { if (event.key === "Escape") { event.stopPropagation(); onEnd(); } }}>
      <input ref={first} value={name} required maxLength={64} placeholder={w.phoneName} aria-label={w.phoneName}
        onInput={(event) => setName(event.currentTarget.value)} />
      {!accept && (
        <input value={reason} maxLength={200} placeholder={w.declineReason} aria-label={w.declineReason}
          onInput={(event) => setReason(event.currentTarget.value)} />
      )}
      <button type="submit" class={accept ? "button small primary" : "button small"} disabled={lost || busy || !name.trim()}>
        {busy ? w.pending : answer}
      </button>
      <button type="button" class="button small" onClick={onEnd}>{w.cancel}</button>
    </form>
  );
}
