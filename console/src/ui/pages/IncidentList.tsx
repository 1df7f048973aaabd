import { address } from "../../address";
import { BASE } from "../../api";
import { language, useWords, wordFor } from "../../i18n";
import { useStore } from "../../stores";
import { ChoiceFilter, CourtFilter, Filters, TextFilter } from "./Filter";
import { asked, INCIDENT_KEYS } from "./incidentFilter";
import { IncidentTable } from "./IncidentTable";
import { TimeFilter } from "./TimeFilter";
import { ROWS_MAX, useIncidents } from "./useIncidents";

const KINDS = ["button", "duress", "man_down", "missed_checkin", "low_battery", "test", "exercise"];

/** All incidents that this person sees, with filters that are part of the address. */
export function IncidentList() {
  const w = useWords();
  const query = useStore(address).query;
  const list = useIncidents(query);
  const file = asked(query);
  file.set("lang", useStore(language));
  return (
    <main class="page" data-page="incidents">
      <header class="page-head">
        <h2>{w.incidents}</h2>
        <p class="dim number" role="status">{list.busy && list.rows.length === 0 ? w.loading : w.incidentsShown(list.rows.length, list.more)}</p>
        <span class="dim page-hint">{w.listKeys}</span>
        <a class="button small" href={`${BASE}/incidents.csv?${file}`} download title={w.csvNote}>{w.csv}</a>
      </header>
      <Filters keys={INCIDENT_KEYS}>
        <TextFilter name="q" label={w.fText} hint={w.fTextHint} wide />
        <ChoiceFilter name="state" label={w.fState} unset={w.incidentState.all} options={[["open", w.incidentState.open], ["closed", w.incidentState.closed]]} />
        <CourtFilter />
        <ChoiceFilter name="kind" label={w.fKind} options={KINDS.map((kind) => [kind, wordFor(w.alarmTitle, kind)] as const)} />
        <TextFilter name="officer" label={w.fOfficer} />
        <TextFilter name="unit" label={w.fUnit} />
        <TextFilter name="case" label={w.fCase} />
        <TimeFilter />
      </Filters>
      <div class="table-scroll" tabIndex={-1}>
        {list.failed !== null && (
          <p class="table-note amber" role="alert">
            <span aria-hidden="true">◆ </span>{w.listFailed}: <bdi>{list.failed}</bdi> <button type="button" class="button small" onClick={list.again}>{w.tryAgain}</button>
          </p>
        )}
        <IncidentTable rows={list.rows} label={w.incidents} />
        {list.rows.length === 0 && !list.busy && list.failed === null && <p class="table-note dim">{w.noIncidents}</p>}
        {list.more && <button type="button" class="button table-more" disabled={list.busy} onClick={list.older}>{list.busy ? w.loading : w.showOlder}</button>}
        {list.rows.length >= ROWS_MAX && <p class="table-note dim">{w.listFull(list.rows.length)}</p>}
      </div>
    </main>
  );
}
