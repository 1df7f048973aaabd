import { courtName } from "../../acts";
import { clock, quoted } from "../../format";
import { alarmKind, useWords, wordFor } from "../../i18n";
import { type Incident, isOpen, isTest, officerOf } from "../../model";
import { Shape } from "../Shapes";
import { LastTold } from "./ToldList";

/** Who, what and how it stands. */
export function IncidentHead({ incident }: { incident: Incident }) {
  const w = useWords();
  const { centre, closed } = incident;
  const kind = alarmKind(incident.kind);
  const moved = centre.handler != null && centre.handler_ms !== centre.acknowledged_ms;
  const look = isTest(incident) ? "" : !isOpen(incident) ? "head-done" : "head-alarm";
  return (
    <header class={`panel-head ${look}`}>
      <h2>
        <Shape kind="alarm" /><bdi class="officer">{officerOf(incident)}</bdi>
        {incident.duress && <em class="badge">{w.duress}</em>}
        {isTest(incident) && <em class="badge">{w.test}</em>}
        {kind === "exercise" && <em class="badge">{w.exercise}</em>}
      </h2>
      <p class="head-state">
        <strong>{wordFor(w.state, incident.state)}</strong>
        {incident.owner_court_id && (
          <span> · <bdi>{courtName(incident.owner_court_id, incident)}</bdi>{incident.owner_by && <> (<bdi>{incident.owner_by}</bdi>)</>}</span>
        )}
        <small class="dim">
          {" · "}
          {centre.acknowledged_ms === null ? w.unacknowledged
            : <bdi>{w.acknowledgedBy(quoted(centre.acknowledged_by), clock(centre.acknowledged_ms))}</bdi>}
          {moved && <> · <bdi>{w.handlerNow(quoted(centre.handler), clock(centre.handler_ms ?? 0))}</bdi></>}
        </small>
      </p>
      <p class="dim">
        {wordFor(w.alarmTitle, kind)} · <span class="number">{incident.incident_id}</span> · <bdi>{incident.unit_id}</bdi>
        {incident.alarm_count > 1 && <> · {w.pressedTimes(incident.alarm_count)}</>}
      </p>
      <LastTold told={incident.told} />
      {closed && <p><bdi>{w.closedBy(quoted(closed.by), clock(closed.at_ms), quoted(closed.reason))}</bdi></p>}
      {incident.merged_into && <p>{w.mergedInto(incident.merged_into)}</p>}
    </header>
  );
}
