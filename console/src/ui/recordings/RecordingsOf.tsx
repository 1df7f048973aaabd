import "../../style/recordings.css";
import type { ComponentChildren } from "preact";
import { useWords } from "../../i18n";
import { RecordingTable } from "./RecordingTable";
import { useRecordings } from "./useRecordings";

const SHOWN = "20";

/** The recordings of one unit, or of one incident: a section of its page. `children`: what can be done with all of them. */
export function RecordingsOf({ of, children }: { of: { unit_id: string } | { incident_id: string }; children?: ComponentChildren }) {
  const w = useWords();
  const list = useRecordings(new URLSearchParams({ ...of, limit: SHOWN }));
  return (
    <section class="recordings-of" aria-labelledby="recordings-title">
      <header class="section-head"><h3 id="recordings-title">{w.rec.title}</h3>{list.rows.length > 0 && children}</header>
      {list.failed !== null && (
        <p class="amber" role="alert"><span aria-hidden="true">◆ </span>{w.listFailed}: <bdi>{list.failed}</bdi> <button type="button" class="button small" onClick={list.again}>{w.tryAgain}</button></p>
      )}
      {list.rows.length === 0 && list.failed === null && <p class="empty" aria-busy={list.busy}>{list.busy ? w.loading : w.rec.noneHere}</p>}
      {list.rows.length > 0 && <div class="table-within"><RecordingTable rows={list.rows} label={w.rec.title} within={"unit_id" in of ? "unit" : "incident"} /></div>}
      {list.more && <button type="button" class="button small" disabled={list.busy} onClick={list.older}>{list.busy ? w.loading : w.showOlder}</button>}
    </section>
  );
}
