import { courtName } from "../../acts";
import { clock, counter, day, fileSize, plainCourt } from "../../format";
import { useWords } from "../../i18n";
import { nameOf, type Recording, type RecordingState, stateOfRecording } from "../../recording";
import { Go } from "../Go";
import { onRowKey, openRow } from "../pages/rowKeys";
import { useServerNow } from "../useServerNow";

/** A state is a sign and a word. Grey when nothing is wrong, amber when something is missing. */
const SIGNS: Record<RecordingState, string> = { recording: "●", wanted: "◔", complete: "✓", incomplete: "◆", deleted: "×" };

/** Where the table stands: what all its rows share is left out. */
export type Within = "list" | "unit" | "incident";

/** Recordings as a table, newest first. The time is the link that opens one. */
export function RecordingTable({ rows, label, within = "list" }: { rows: Recording[]; label: string; within?: Within }) {
  const c = useWords().rec.column;
  const nowMs = useServerNow(5000);
  return (
    <table class={`dense recordings-in-${within}`} aria-label={label} onKeyDown={onRowKey}>
      <thead>
        <tr>
          {[c.time, c.state, c.officer, ...(within === "unit" ? [] : [c.unit]), ...(within === "list" ? [c.court] : []),
            ...(within === "incident" ? [] : [c.caseNo]), c.length, c.parts, ...(within === "incident" ? [] : [c.size, c.incidents]), c.held]
            .map((name) => <th key={name} scope="col">{name}</th>)}
        </tr>
      </thead>
      <tbody>{rows.map((one) => <Row key={nameOf(one)} one={one} within={within} nowMs={nowMs} />)}</tbody>
    </table>
  );
}

function Row({ one, within, nowMs }: { one: Recording; within: Within; nowMs: number }) {
  const w = useWords();
  const state = stateOfRecording(one, nowMs);
  return (
    <tr data-recording={one.recording} data-state={state} onClick={openRow}>
      <td class="number">
        <Go page="recordings" id={nameOf(one)} data-row title={one.recording}>
          <span class="dim">{day(one.from_ms).slice(5)}</span> {clock(one.from_ms)}
        </Go>
      </td>
      <td class={state === "incomplete" ? "amber" : undefined}><RecordingStateWord state={state} /></td>
      <td><bdi class="cut">{one.officer || one.unit_id}</bdi></td>
      {within !== "unit" && <td><bdi class="cut dim">{one.unit_id}</bdi></td>}
      {within === "list" && <td><bdi class="cut">{plainCourt(courtName(one.court_id))}</bdi></td>}
      {within !== "incident" && <td><bdi class="cut">{one.case_no ?? ""}</bdi></td>}
      <td class="number right-cell">{counter(one.to_ms - one.from_ms)}</td>
      <td class="number right-cell">{one.sealed} / {one.segments}</td>
      {within !== "incident" && <td class="number right-cell">{fileSize(one.received_bytes)}</td>}
      {within !== "incident" && (
        <td class="cut">
          {one.incident_ids.slice(0, 2).map((id) => <Go key={id} page="incidents" id={id} class="link"><bdi>{id}</bdi></Go>)}
          {one.incident_ids.length > 2 && <span class="dim"> +{one.incident_ids.length - 2}</span>}
        </td>
      )}
      <td>{one.held && <em class="badge">{w.rec.held}</em>}</td>
    </tr>
  );
}

export function RecordingStateWord({ state }: { state: RecordingState }) {
  const w = useWords();
  return <span class="state-cell"><span class="state-sign" aria-hidden="true">{SIGNS[state]}</span><span class="cut">{w.rec.state[state]}</span></span>;
}
