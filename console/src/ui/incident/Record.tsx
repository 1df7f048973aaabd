import { useState } from "preact/hooks";
import { datum } from "../../desk/choices";
import { clockExact, day } from "../../format";
import { useWords } from "../../i18n";
import type { Incident, TimelineEntry } from "../../model";
import { useStore } from "../../stores";
import { TalkFile } from "../talk/TalkFile";
import { eventName, factsOf } from "./facts";
import { Clocks, EntryFacts, folded } from "./Timeline";

/** The whole of what happened as a table, newest first: by which clock, what, decided on what, by whom. */
export function Record({ incident }: { incident: Incident }) {
  const w = useWords();
  const [every, setEvery] = useState(false);
  useStore(datum);
  const rows = every ? incident.timeline.toReversed() : folded(incident.timeline);
  return (
    <section class="timeline record" aria-labelledby="record-title">
      <header class="section-head">
        <h3 id="record-title">{w.record} <small class="number">{day(incident.opened_ms)}</small></h3>
        <label class="check"><input type="checkbox" checked={every} onChange={(event) => setEvery(event.currentTarget.checked)} /> {w.everyPosition}</label>
      </header>
      <Clocks incident={incident} />
      <table class="facts-table record-table" aria-labelledby="record-title">
        <thead>
          <tr><th scope="col">{w.serverClockShort}</th><th scope="col">{w.deviceClockShort}</th><th scope="col">{w.whatHappened}</th><th scope="col">{w.byWhom}</th></tr>
        </thead>
        {rows.map((entry) => <Step key={entry.seq} entry={entry} incident={incident} />)}
      </table>
    </section>
  );
}

/** One step: a line, and below it what it was decided on. */
function Step({ entry, incident }: { entry: TimelineEntry; incident: Incident }) {
  const w = useWords();
  const facts = factsOf(entry, incident, w).filter((fact) => fact.key !== "pressed_ms");
  const unitMs = entry.facts.pressed_ms;
  const otherDay = day(entry.at_ms) === day(incident.opened_ms) ? null : day(entry.at_ms).slice(5);
  return (
    <tbody data-event={entry.event}>
      <tr>
        <td class="number"><time>{otherDay && <small class="dim">{otherDay} </small>}{clockExact(entry.at_ms)}</time></td>
        <td class="number">{typeof unitMs === "number" ? clockExact(unitMs) : <span class="dim">—</span>}</td>
        <td><strong>{eventName(entry, w)}</strong> <TalkFile entry={entry} /></td>
        <td><bdi class={entry.by ? "who" : "who dim"}>{entry.by ?? w.system}</bdi></td>
      </tr>
      {facts.length > 0 && (
        <tr>
          <td colSpan={4}>
            <EntryFacts facts={facts} />
          </td>
        </tr>
      )}
    </tbody>
  );
}
