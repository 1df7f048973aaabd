import { useEffect, useState } from "preact/hooks";
import { courtName } from "../../acts";
import { go } from "../../address";
import { BASE, incidentNow, Refused } from "../../api";
import { language, useWords } from "../../i18n";
import { learn, picture } from "../../live/picture";
import { type Incident, isOpen, newestFix, type User } from "../../model";
import { selectIncident } from "../../selection";
import { useStore } from "../../stores";
import { Go } from "../Go";
import { Attachments } from "../incident/Attachments";
import { Candidates } from "../incident/Candidates";
import { CourtAnswer } from "../incident/CourtAnswer";
import { DispatcherActs } from "../incident/DispatcherActs";
import { HandOverStrip } from "../incident/HandOver";
import { IncidentHead } from "../incident/IncidentHead";
import { handOf } from "../incident/IncidentPanel";
import { NoteForm } from "../incident/NoteForm";
import { Ranking } from "../incident/Ranking";
import { Record } from "../incident/Record";
import { TimerLine } from "../incident/TimerLine";
import { ToldList } from "../incident/ToldList";
import { useLastReceipt } from "../incident/useLastReceipt";
import { Warnings } from "../incident/Warnings";
import { ExportForm } from "../recordings/ExportForm";
import { RecordingsOf } from "../recordings/RecordingsOf";
import { FixFacts, UnitFacts } from "../UnitFacts";
import { TalksOf } from "../talk/TalksOf";
import { Attend } from "../watch/Attend";
import { Replay } from "./Replay";

/** Everything of one incident: to act on while it is open, to read and file when it has ended. */
export function IncidentPage({ id, user, lost }: { id: string; user: User; lost: boolean }) {
  const w = useWords();
  const { incident, missing } = useIncident(id);
  if (missing) {
    return (
      <main class="alone page">
        <p role="alert">{w.incidentMissing}</p>
        <Go page="incidents" class="link">{w.backToList}</Go>
      </main>
    );
  }
  if (!incident) return <main class="alone page" aria-busy="true">{w.loading}</main>;
  return <Whole incident={incident} user={user} lost={lost} />;
}

function Whole({ incident, user, lost }: { incident: Incident; user: User; lost: boolean }) {
  const w = useWords();
  const unit = useStore(picture).units.get(incident.unit_id);
  const report = `${BASE}/incidents/${encodeURIComponent(incident.incident_id)}/report?lang=${useStore(language)}`;
  const open = isOpen(incident);
  const hand = handOf(incident, user, lost);
  useLastReceipt(incident);
  return (
    <main class="page" data-page="incident" data-incident={incident.incident_id}>
      <header class="page-head">
        <Go page="incidents" class="link">← {w.backToList}</Go>
        <h2 class="number">{incident.incident_id}</h2>
        <span class="page-hint" />
        <button type="button" class="button small" onClick={() => { go("desk"); selectIncident(incident.incident_id); }}>{w.showOnDesk}</button>
        <a class="button small" href={report} target="_blank" rel="noreferrer" data-report>{w.report}</a>
        <button type="button" class="button small" data-print onClick={() => print(report)}>{w.print}</button>
      </header>
      <div class="case incident-flow">
        <article class="panel case-acts" data-panel-incident={incident.incident_id} data-state={incident.state}>
          <IncidentHead incident={incident} />
          <HandOverStrip incident={incident} user={user} hand={hand} />
          <Warnings incident={incident} hand={hand} />
          {hand.court !== null && <CourtAnswer incident={incident} courtId={hand.court} lost={lost} />}
          {open && <TimerLine incident={incident} />}
          {hand.dispatcher && <DispatcherActs incident={incident} user={user} hand={hand} />}
          <FixFacts fix={newestFix(incident, unit?.fix ?? null)} />
          {incident.fix_confidence !== "good" && (
            <p class="warning amber" data-worth={incident.fix_confidence}><span aria-hidden="true">◆ </span>{w.confidence[incident.fix_confidence]}</p>
          )}
          {open && user.role !== "court" && <Candidates incident={incident} hand={hand} />}
          <ToldList told={incident.told} />
          <UnitFacts unit={unit} court={courtName(incident.court_id, incident)} caseNo={incident.case_no} />
          <Go page="units" id={incident.unit_id} class="link"><bdi>{incident.unit_id}</bdi> →</Go>
        </article>
        <div class="panel case-middle">
          <Attend of={incident} online={unit?.online ?? true} incident={incident} user={user} may={hand.dispatcher} lost={lost} />
          <Replay incident={incident} />
          <RecordingsOf of={{ incident_id: incident.incident_id }}>
            <ExportForm path={`/incidents/${encodeURIComponent(incident.incident_id)}`} name={w.rec.exportIncident} />
          </RecordingsOf>
          <TalksOf of={{ incident_id: incident.incident_id }} />
          {user.role !== "court" && <Ranking incident={incident} />}
          <Attachments incident={incident} hand={hand} open={open} />
        </div>
        <div class="panel case-record">
          {hand.dispatcher && <NoteForm incident={incident} lost={lost} />}
          <Record incident={incident} />
        </div>
      </div>
    </main>
  );
}

/** The live picture's, or for a finished one the gateway's: the page keeps only the newest finished ones. */
function useIncident(id: string): { incident: Incident | null; missing: boolean } {
  const live = useStore(picture).incidents.get(id);
  const [asked, setAsked] = useState<Incident | null>(null);
  const [missing, setMissing] = useState(false);
  const ended = live !== undefined && !isOpen(live);
  useEffect(() => {
    incidentNow(id).then(
      (incident) => {
        setAsked(incident);
        learn(incident);
      },
      (error: unknown) => setMissing(error instanceof Refused && error.status === 404),
    );
  }, [id, ended]);
  const incident = live && (!asked || live.version >= asked.version) ? live : asked;
  return { incident: incident ?? null, missing: missing && !incident };
}

/** The report has no script of its own: this page asks its window to print. */
function print(report: string): void {
  const sheet = window.open(report, "_blank");
  sheet?.addEventListener("load", () => sheet.print());
}
