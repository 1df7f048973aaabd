import { courtName } from "../../acts";
import { clock, counter, day, plainCourt } from "../../format";
import { alarmKind, useWords, wordFor } from "../../i18n";
import { type Incident, isOpen, isTest, officerOf } from "../../model";
import { Go } from "../Go";
import { Shape } from "../Shapes";
import { useServerNow } from "../useServerNow";
import { onRowKey, openRow } from "./rowKeys";

/** Incidents as a table, newest first. The time is the link that opens one. `ofOne`: all are of one unit, which is known. */
export function IncidentTable({ rows, label, ofOne = false }: { rows: Incident[]; label: string; ofOne?: boolean }) {
  const w = useWords();
  const c = w.column;
  return (
    <table class={`dense ${ofOne ? "incidents-of-one" : "incidents-table"}`} aria-label={label} onKeyDown={onRowKey}>
      <thead>
        <tr>
          {[c.time, c.state, c.officer, c.kind, ...(ofOne ? [] : [c.court, c.unit]), c.caseNo, c.acknowledged, c.owner, c.duration]
            .map((name) => <th key={name} scope="col">{name}</th>)}
        </tr>
      </thead>
      <tbody>{rows.map((incident) => <Row key={incident.incident_id} incident={incident} ofOne={ofOne} />)}</tbody>
    </table>
  );
}

function Row({ incident, ofOne }: { incident: Incident; ofOne: boolean }) {
  const w = useWords();
  const open = isOpen(incident);
  const waiting = open && incident.centre.acknowledged_ms === null;
  const look = !open ? "row-ended" : isTest(incident) ? "row-test" : waiting ? "row-waiting" : "row-open";
  const attached = incident.attachments?.length ?? 0;
  return (
    <tr class={look} data-incident={incident.incident_id} data-state={incident.state} onClick={openRow}>
      <td class="number">
        <Go page="incidents" id={incident.incident_id} data-row title={incident.incident_id}>
          <span class="dim">{day(incident.opened_ms).slice(5)}</span> {clock(incident.opened_ms)}
        </Go>
      </td>
      <td>
        <span class="state-cell">
          {open ? <Shape kind="alarm" /> : <span class="ended-mark" aria-hidden="true">✓</span>}
          <span class="cut">{wordFor(w.state, incident.state)}</span>
          {incident.duress && <em class="badge">{w.duress}</em>}
          {isTest(incident) && <em class="badge faint">{w.test}</em>}
          {attached > 0 && <em class="badge faint">{w.attachmentsShort(attached)}</em>}
        </span>
      </td>
      <td><bdi class="cut">{officerOf(incident)}</bdi></td>
      <td>{wordFor(w.alarmTitle, alarmKind(incident.kind))}</td>
      {!ofOne && <td><Court id={incident.court_id} of={incident} /></td>}
      {!ofOne && <td><bdi class="cut dim">{incident.unit_id}</bdi></td>}
      <td><bdi class="cut">{incident.case_no ?? ""}</bdi></td>
      <td><Acknowledged incident={incident} /></td>
      <td>{incident.owner_court_id ? <Court id={incident.owner_court_id} of={incident} /> : <span class="dim">—</span>}</td>
      <td class="number right-cell"><Duration incident={incident} /></td>
    </tr>
  );
}

function Court({ id, of }: { id: string | null; of: Incident }) {
  const name = courtName(id, of);
  return <bdi class="cut" title={name}>{plainCourt(name)}</bdi>;
}

function Acknowledged({ incident }: { incident: Incident }) {
  const w = useWords();
  const { acknowledged_by: by, acknowledged_ms: atMs } = incident.centre;
  if (atMs === null) return isOpen(incident) ? <b>{w.unacknowledged}</b> : <span class="dim">—</span>;
  return <span class="ack-cell"><bdi class="cut">{by}</bdi> <span class="number dim">{counter(atMs - incident.opened_ms)}</span></span>;
}

function Duration({ incident }: { incident: Incident }) {
  return isOpen(incident) ? <Running fromMs={incident.opened_ms} /> : <>{incident.closed ? counter(incident.closed.at_ms - incident.opened_ms) : "—"}</>;
}

function Running({ fromMs }: { fromMs: number }) {
  return <>{counter(useServerNow(1000) - fromMs)}</>;
}
