import { useEffect } from "preact/hooks";
import { incidentNow } from "../api";
import { useWords } from "../i18n";
import { counts, learn, picture } from "../live/picture";
import type { User } from "../model";
import { openIncidentOf, selectIncident, selection } from "../selection";
import { useStore } from "../stores";
import { DutySwitch } from "./DutySwitch";
import { IncidentPanel } from "./incident/IncidentPanel";
import { Overview } from "./Overview";
import { UnitPanel } from "./UnitPanel";

/** The right side: the incident or unit that was chosen, or how things stand. */
export function SidePanel({ user, lost }: { user: User; lost: boolean }) {
  const w = useWords();
  const now = useStore(picture);
  const chosen = useStore(selection);
  const incident = chosen?.what === "incident" ? now.incidents.get(chosen.id) : undefined;
  const unit = chosen?.what === "unit" ? now.units.get(chosen.id) : undefined;

  // A unit that is being looked at and raises an alarm becomes its incident.
  useEffect(() => {
    const raised = unit && openIncidentOf(now, unit.unit_id);
    if (raised) selectIncident(raised.incident_id);
  }, [unit, now.incidents]);

  // Closed while this page was not connected: the snapshot has it no more, the gateway still does.
  const missing = chosen?.what === "incident" && now.known && !incident ? chosen.id : null;
  useEffect(() => {
    if (missing) incidentNow(missing).then(learn, () => undefined);
  }, [missing]);

  return (
    <aside class="right" aria-label={w.state_}>
      {incident ? <IncidentPanel key={incident.incident_id} incident={incident} user={user} lost={lost} />
        : unit ? <UnitPanel key={unit.unit_id} unit={unit} user={user} lost={lost} />
        : <Quiet user={user} lost={lost} />}
    </aside>
  );
}

function Quiet({ user, lost }: { user: User; lost: boolean }) {
  const w = useWords();
  const now = useStore(picture);
  const { alarms, courtsOnDuty } = counts(now);
  return (
    <div class="idle">
      {alarms === 0 && now.known && !lost && <p class="idle-word">{w.nothingSelected}</p>}
      {user.role !== "court" && <p class="dim">{w.nothingSelectedHint}</p>}
      {user.role === "court" && <DutySwitch courtId={user.court_id} lost={lost} />}
      {now.known && user.role !== "court" && <Overview now={now} lost={lost} />}
      {now.known && user.role === "court" && <p class="dim number">{w.courtsOnDuty(courtsOnDuty, now.courts.size)}</p>}
    </div>
  );
}
