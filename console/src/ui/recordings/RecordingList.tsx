import { address } from "../../address";
import { useWords } from "../../i18n";
import { useStore } from "../../stores";
import { ChoiceFilter, CourtFilter, Filters, TextFilter } from "../pages/Filter";
import { TimeFilter } from "../pages/TimeFilter";
import { askedRecordings, RECORDING_KEYS } from "./recordingFilter";
import { RecordingTable } from "./RecordingTable";
import { ROWS_MAX, useRecordings } from "./useRecordings";

/** All recordings that this person sees, with filters that are part of the address. */
export function RecordingList() {
  const w = useWords();
  const list = useRecordings(askedRecordings(useStore(address).query));
  return (
    <main class="page" data-page="recordings">
      <header class="page-head">
        <h2>{w.rec.title}</h2>
        <p class="dim number" role="status">{list.busy && list.rows.length === 0 ? w.loading : w.rec.shown(list.rows.length, list.more)}</p>
        <span class="dim page-hint">{w.listKeys}</span>
      </header>
      <Filters keys={RECORDING_KEYS}>
        <TextFilter name="officer" label={w.fOfficer} />
        <TextFilter name="unit_id" label={w.rec.fUnit} />
        <CourtFilter />
        <TextFilter name="case_no" label={w.fCase} wide />
        <TextFilter name="incident_id" label={w.rec.fIncident} />
        <ChoiceFilter name="held" label={w.rec.fHeld} options={[["true", w.rec.held], ["false", w.rec.notHeld]]} />
        <TimeFilter />
      </Filters>
      <div class="table-scroll" tabIndex={-1}>
        {list.failed !== null && (
          <p class="table-note amber" role="alert">
            <span aria-hidden="true">◆ </span>{w.listFailed}: <bdi>{list.failed}</bdi> <button type="button" class="button small" onClick={list.again}>{w.tryAgain}</button>
          </p>
        )}
        <RecordingTable rows={list.rows} label={w.rec.title} />
        {list.rows.length === 0 && !list.busy && list.failed === null && <p class="table-note dim">{w.rec.none}</p>}
        {list.more && <button type="button" class="button table-more" disabled={list.busy} onClick={list.older}>{list.busy ? w.loading : w.showOlder}</button>}
        {list.rows.length >= ROWS_MAX && <p class="table-note dim">{w.rec.listFull(list.rows.length)}</p>}
      </div>
    </main>
  );
}
