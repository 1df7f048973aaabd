import { courtName } from "../../acts";
import { useWords } from "../../i18n";
import { picture } from "../../live/picture";
import { type Incident, isOpen, officerOf, type User } from "../../model";
import { useStore } from "../../stores";
import { Go } from "../Go";
import { FixFacts, UnitFacts } from "../UnitFacts";
import { TalkSlot } from "../talk/TalkSlot";
import { LiveSlot } from "../watch/LiveSlot";
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
    dispatcher: open && (user.role === "admin" || user.role === "dispatcher"),
    court: open && user.role === "court" ? user.court_id : null,
    lost,
  };
}

/** The incident beside the map: what is needed to act. The whole of it has a page of its own. */
export function IncidentPanel({ incident, user, lost }: { incident: Incident; user: User; lost: boolean }) {
  const w = useWords();
  const unit = useStore(picture).units.get(incident.unit_id);
  useLastReceipt(incident);
  const open = isOpen(incident);
  const hand = handOf(incident, user, lost);
  const fix = newestFix(incident, unit?.fix ?? null);
  return (
    <article class={`panel ${open ? "" : "panel-done"}`} data-panel-incident={incident.incident_id} data-state={incident.state}>
      <IncidentHead incident={incident} />
      <p class="panel-links">
        <Go page="incidents" id={incident.incident_id} class="link">{w.openWhole}</Go>
        <span class="dim number" data-attachments={incident.attachments?.length ?? 0}>{w.attachmentsShort(incident.attachments?.length ?? 0)}</span>
      </p>
      <HandOverStrip incident={incident} user={user} hand={hand} />
      <Warnings incident={incident} hand={hand} />
      {hand.court !== null && <CourtAnswer incident={incident} courtId={hand.court} lost={lost} />}
      {open && <TimerLine incident={incident} />}
      {hand.dispatcher && <DispatcherActs incident={incident} user={user} hand={hand} />}
      {/* Above what comes and goes by itself: a court's button does not move under the finger. */}
      {user.role !== "court" && <Candidates incident={incident} hand={hand} />}
      <TalkSlot unitId={incident.unit_id} online={unit?.online ?? true} incident={incident} user={user} lost={lost} />
      <LiveSlot unitId={incident.unit_id} name={officerOf(incident)} online={unit?.online ?? true} incident={incident} may={hand.dispatcher} lost={lost} />
      <FixFacts fix={fix} />
      {incident.fix_confidence !== "good" && (
        <p class="warning amber"><span aria-hidden="true">◆ </span>{w.confidence[incident.fix_confidence]}</p>
      )}
      <ToldList told={incident.told} />
      <UnitFacts unit={unit} court={courtName(incident.court_id, incident)} caseNo={incident.case_no} />
      <Timeline incident={incident} />
      {hand.dispatcher && <NoteForm incident={incident} lost={lost} />}
    </article>
  );
}

/** The officer moves after the alarm: whichever position came last. */
export function newestFix(incident: Incident, now: Incident["fix"]): Incident["fix"] {
  if (!isOpen(incident) || !now) return incident.fix;
  return !incident.fix || now.received_ms >= incident.fix.received_ms ? now : incident.fix;
}
