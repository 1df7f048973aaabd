import { useEffect, useState } from "preact/hooks";
import { useWords } from "../../i18n";
import type { Person } from "../../talk/channel";

/** To whom: somebody who has this talk in sight, or it would be handed to nobody. Whoever is shown stays shown: when they leave, it goes to nobody else. */
export function HandOver({ present, onTo }: { present: Person[]; onTo: (login: string) => void }) {
  const w = useWords();
  const [chosen, setChosen] = useState<Person | null>(present[0] ?? null);
  const first = present[0] ?? null;
  const nobody = present.length === 0;
  useEffect(() => setChosen((before) => (nobody ? null : before ?? first)), [nobody, first?.login]);
  const to = chosen ?? first;
  if (nobody || !to) return <span class="dim">{w.talk.nobodyElse}</span>;
  const gone = !present.some((person) => person.login === to.login);
  return (
    <span class="talk-hand-over">
      <label>
        <span class="only-heard">{w.talk.handOverTo}</span>
        <select name="talk-to" value={to.login} onChange={(event) => setChosen(present.find((person) => person.login === event.currentTarget.value) ?? null)}>
          {gone && <option value={to.login} disabled>{w.talk.hasLeft(to.name || to.login)}</option>}
          {present.map((person) => <option key={person.login} value={person.login}>{person.name || person.login}</option>)}
        </select>
      </label>
      <button type="button" class="button" disabled={gone} data-talk-act="hand-over" onClick={() => onTo(to.login)}>{w.talk.handOver}</button>
    </span>
  );
}
