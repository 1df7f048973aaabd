import { useState } from "preact/hooks";
import { pending, run } from "../../acts";
import { commandUnit } from "../../api";
import { useWords } from "../../i18n";
import type { Unit } from "../../model";
import { useStore } from "../../stores";
import { UnitSetting } from "./UnitSetting";

/** As `protocol.messages.MAX_CASE_BYTES`. */
const CASE_BYTES_MAX = 96;

/** What can be asked of a device. A test alarm is felt by the officer, so it takes a second click. */
export function UnitCommands({ unit, lost }: { unit: Unit; lost: boolean }) {
  const w = useWords();
  const [sure, setSure] = useState(false);
  const [caseNo, setCaseNo] = useState("");
  const busy = useStore(pending);
  const off = (kind: string): boolean => lost || !unit.online || busy.has(`${kind}/${unit.unit_id}`);
  const send = (kind: string, name: string, value?: string | null): Promise<boolean> =>
    run(`${kind}/${unit.unit_id}`, name, () => commandUnit(unit.unit_id, kind, value === undefined ? {} : { value }));
  const fits = caseNo.trim() !== "" && new TextEncoder().encode(caseNo.trim()).length <= CASE_BYTES_MAX;
  return (
    <section aria-labelledby="commands-title">
      <h3 id="commands-title">{w.commands} <small>{unit.online ? w.commandsNote : w.offline}</small></h3>
      <div class="acts">
        <button type="button" class="button" data-command="locate" disabled={off("locate")} onClick={() => void send("locate", w.locate)}>{w.locate}</button>
        {sure
          ? (
            <>
              <button type="button" class="button primary" data-command="test_alarm" disabled={off("test_alarm")}
                onClick={() => void send("test_alarm", w.testAlarm).then(() => setSure(false))}>{w.testAlarmSure}</button>
              <button type="button" class="button" onClick={() => setSure(false)}>{w.cancel}</button>
            </>
          )
          : <button type="button" class="button" data-command="test" disabled={off("test_alarm")} onClick={() => setSure(true)}>{w.testAlarm}…</button>}
      </div>
      <form class="line-form" data-form="case" onSubmit={(event) => {
        event.preventDefault();
        if (fits) void send("case", w.setCase, caseNo.trim()).then((done) => done && setCaseNo(""));
      }}>
        <input value={caseNo} maxLength={CASE_BYTES_MAX} placeholder={w.caseNo} aria-label={w.caseNo} onInput={(event) => setCaseNo(event.currentTarget.value)} />
        <button type="submit" class="button" disabled={off("case") || !fits}>{w.setCase}</button>
        <button type="button" class="button" disabled={off("case") || unit.case_no === null} onClick={() => void send("case", w.clearCase, null)}>{w.clearCase}</button>
      </form>
      <UnitSetting unit={unit} lost={lost} />
    </section>
  );
}
