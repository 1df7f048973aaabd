import { useState } from "preact/hooks";
import { useWords } from "../../i18n";
import type { Person } from "../../talk/channel";

/** To whom: somebody who has this talk in sight, or it would be handed to nobody. */
export function HandOver({ present, onTo }: { present: Person[]; onTo: (login: string) => void }) {
  const w = useWords();
  const [chosen, setChosen] = useState("");
  const to = present.find((person) => person.login === chosen) ?? present[0];
  if (!to) return <span class="dim">{w.talk.nobodyElse}</span>;
  return (
    <span class="talk-hand-over">
      <label>
        <span class="only-heard">{w.talk.handOverTo}</span>
        <select name="talk-to" value={to.login} onChange={(event) => setChosen(event.currentTarget.value)}>
          {present.map((person) => <option key={person.login} value={person.login}>{person.name || person.login}</option>)}
        </select>
      </label>
      <button type="button" class="button" data-talk-act="hand-over" onClick={() => onTo(to.login)}>{w.talk.handOver}</button>
    </span>
  );
}
