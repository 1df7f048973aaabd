import { useEffect, useRef, useState } from "preact/hooks";
import { act, actKey, pending } from "../../acts";
import { people } from "../../api";
import { clock, quoted } from "../../format";
import { useWords } from "../../i18n";
import type { Incident, Person, User } from "../../model";
import { useStore } from "../../stores";
import { ActButton } from "./ActButton";
import type { Hand } from "./IncidentPanel";

/** A hand-over that nobody has taken yet: in sight until it is. */
export function HandOverStrip({ incident, user, hand }: { incident: Incident; user: User; hand: Hand }) {
  const w = useWords();
  const asked = incident.centre.handover;
  if (!asked) return null;
  const mine = asked.to_login === user.login;
  const name = mine ? w.takeOver : incident.centre.handler_login === user.login ? w.withdrawHandOver : w.takeOverMine;
  return (
    <div class={`handover ${mine ? "handover-mine" : ""}`} data-handover={asked.to_login} role={mine ? "alert" : undefined}>
      <p>
        {mine
          ? <><strong><bdi>{w.handOverFrom(quoted(asked.by))}</bdi></strong> <span class="dim number">{clock(asked.at_ms)}</span></>
          : <bdi>{w.handOverStrip(quoted(asked.to_name), quoted(asked.by), clock(asked.at_ms))}</bdi>}
      </p>
      {asked.note && <p class="handover-note"><bdi>{asked.note}</bdi></p>}
      {hand.dispatcher && (
        <div class="acts"><ActButton incident={incident} verb="take_over" name={name} lost={hand.lost} look={mine ? "primary" : "small"} /></div>
      )}
    </div>
  );
}

/** To whom: somebody who sits at a console now, or the alarm would wait for nobody. */
export function HandOverForm({ incident, user, lost, onEnd }: { incident: Incident; user: User; lost: boolean; onEnd: () => void }) {
  const w = useWords();
  const [known, setKnown] = useState<Person[] | null>(null);
  const [failed, setFailed] = useState(false);
  const [to, setTo] = useState("");
  const [note, setNote] = useState("");
  const first = useRef<HTMLSelectElement>(null);
  const busy = useStore(pending).has(actKey(incident.incident_id, "hand_over"));
  useEffect(() => {
    people().then((answer) => setKnown(answer.items.filter((person) => person.login !== user.login)), () => setFailed(true));
  }, []);
  useEffect(() => first.current?.focus(), [known]);
  const live = known?.filter((person) => person.live) ?? [];
  const away = known?.filter((person) => !person.live) ?? [];

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!to) return;
    if (await act(incident, "hand_over", w.handOver, { to, ...(note.trim() ? { note: note.trim() } : {}) })) onEnd();
  }

  return (
    <form class="close-form" onSubmit={submit} data-form="hand-over"
      onKeyDown={(event) => { if (event.key === "Escape") { event.stopPropagation(); onEnd(); } }}>
      {failed && <p class="amber" role="alert"><span aria-hidden="true">◆ </span>{w.peopleFailed}</p>}
      <label>
        <span>{w.handOverTo}</span>
        <select ref={first} value={to} required name="to" onChange={(event) => setTo(event.currentTarget.value)}>
          <option value="" disabled>{known === null ? w.loading : live.length > 0 ? w.choosePerson : w.noOneLive}</option>
          {live.map((person) => <option key={person.login} value={person.login}>{person.name || person.login}</option>)}
          {away.map((person) => <option key={person.login} value={person.login} disabled>{w.bracketed(person.name || person.login, w.notLive)}</option>)}
        </select>
      </label>
      <label>
        <span>{w.handOverNote}</span>
        <textarea rows={2} maxLength={1000} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
      </label>
      <div class="acts">
        <button type="submit" class="button primary" disabled={lost || busy || !to}>{busy ? w.pending : w.handOver}</button>
        <button type="button" class="button" onClick={onEnd}>{w.cancel}</button>
      </div>
    </form>
  );
}
