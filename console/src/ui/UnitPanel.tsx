import { courtName, pending, run } from "../acts";
import { commandUnit } from "../api";
import { useWords } from "../i18n";
import { mayDirect, officerOf, type Unit, type User } from "../model";
import { useStore } from "../stores";
import { FixFacts, UnitFacts } from "./UnitFacts";
import { Attend } from "./watch/Attend";

export function UnitPanel({ unit, user, lost }: { unit: Unit; user: User; lost: boolean }) {
  const w = useWords();
  const key = `locate/${unit.unit_id}`;
  const busy = useStore(pending).has(key);
  const mayAsk = mayDirect(user);
  return (
    <article class="panel" data-panel-unit={unit.unit_id}>
      <header class="panel-head">
        <h2><bdi>{officerOf(unit)}</bdi></h2>
        <p class="dim">{w.unitPanel} <bdi>{unit.unit_id}</bdi> · {unit.online ? w.online : w.offline}</p>
      </header>
      <Attend of={unit} online={unit.online} user={user} lost={lost} />
      <UnitFacts unit={unit} court={courtName(unit.court_id)} caseNo={unit.case_no} />
      <FixFacts fix={unit.fix} />
      {mayAsk && (
        <div class="acts">
          <button type="button" class="button" disabled={lost || busy || !unit.online}
            onClick={() => void run(key, w.locate, () => commandUnit(unit.unit_id, "locate"))}>
            {busy ? w.pending : w.locate}
          </button>
        </div>
      )}
    </article>
  );
}
