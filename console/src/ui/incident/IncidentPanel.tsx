import { useRef } from "preact/hooks";
import { courtName } from "../../acts";
import { useWords } from "../../i18n";
import { picture } from "../../live/picture";
import { type Incident, isOpen, mayDirect, newestFix, type User } from "../../model";
import { useStore } from "../../stores";
import { Go } from "../Go";
import { FixFacts, UnitFacts } from "../UnitFacts";
import { useHeight } from "../useHeight";
import { Attend } from "../watch/Attend";
import { Candidates } from "./Candidates";
import { CourtAnswer } from "./CourtAnswer";
import { DispatcherActs } from "./DispatcherActs";
import { HandOverStrip } from "./HandOver";
import { IncidentHead } from "./IncidentHead";
import { NoteForm } from "./NoteForm";
import { Timeline } from "./Timeline";
import { TimerLine } from "./TimerLine";
import { ToldList } from "./ToldList";
import { useLastReceipt } from "./useLastReceipt";
import { Warnings } from "./Warnings";

/** What may be done now, and by whom: everything below the panel asks this, not the role. */
export interface Hand {
  /** May acknowledge, offer, record a court's answer, close. */
  dispatcher: boolean;
  /** The court that answers for itself, or null. */
  court: string | null;
  /** The picture is too old to act on. */
  lost: boolean;
}

export function handOf(incident: Incident, user: User, lost: boolean): Hand {
  const open = isOpen(incident);
  return {
    dispatcher: open && mayDirect(user),
    court: open && user.role === "court" ? user.court_id : null,
    lost,
  };
}

/**
 * The incident beside the map: what is needed to act. The whole of it has a page of its own. Wide enough it has two columns:
 * picture and speech below the acts, and the ranking, above which nothing stands that comes, goes or loads by itself. The
 * picture gives way to the acts, so that speech and sound stay in sight. Narrow, it is who, acts, picture, speech, ranking.
 */
export function IncidentPanel({ incident, user, lost }: { incident: Incident; user: User; lost: boolean }) {
  const w = useWords();
  const unit = useStore(picture).units.get(incident.unit_id);
  useLastReceipt(incident);
  const open = isOpen(incident);
  const hand = handOf(incident, user, lost);
  const acts = useRef<HTMLDivElement>(null);
  const actsPx = useHeight(acts, 200);
  const fix = newestFix(incident, unit?.fix ?? null);
  return (
    <article class={`panel panel-incident incident-flow ${open ? "" : "panel-done"}`} style={{ "--acts": `${actsPx}px` }} data-panel-incident={incident.incident_id} data-state={incident.state}>
      <div class="panel-first">
        <div class="panel-acts" ref={acts}>
          <IncidentHead incident={incident} />
          <HandOverStrip incident={incident} user={user} hand={hand} />
          <Warnings incident={incident} hand={hand} />
          {hand.court !== null && <CourtAnswer incident={incident} courtId={hand.court} lost={lost} />}
          {hand.dispatcher && <DispatcherActs incident={incident} user={user} hand={hand} />}
          {open && <TimerLine incident={incident} />}
        </div>
        <Attend of={incident} online={unit?.online ?? true} incident={incident} user={user} may={hand.dispatcher} lost={lost} />
      </div>
      <div class="panel-ranking">
        {user.role !== "court" && <Candidates incident={incident} hand={hand} />}
        <p class="panel-links">
          <Go page="incidents" id={incident.incident_id} class="link">{w.openWhole}</Go>
          <span class="dim number" data-attachments={incident.attachments?.length ?? 0}>{w.attachmentsShort(incident.attachments?.length ?? 0)}</span>
        </p>
        <ToldList told={incident.told} />
        <Timeline incident={incident} />
        {hand.dispatcher && <NoteForm incident={incident} lost={lost} />}
      </div>
      <div class="panel-facts">
        <FixFacts fix={fix} />
        {incident.fix_confidence !== "good" && (
          <p class="warning amber" data-worth={incident.fix_confidence}><span aria-hidden="true">◆ </span>{w.confidence[incident.fix_confidence]}</p>
        )}
        <UnitFacts unit={unit} court={courtName(incident.court_id, incident)} caseNo={incident.case_no} />
      </div>
    </article>
  );
}
