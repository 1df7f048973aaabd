import { courtName } from "../../acts";
import { datum, placed } from "../../desk/choices";
import { age, clock, plainCourt, quoted } from "../../format";
import { alarmKind, useWords, wordFor } from "../../i18n";
import { picture } from "../../live/picture";
import { type Incident, isOpen, isTest, isTimeDoubtful, newestFix, officerOf } from "../../model";
import { useStore } from "../../stores";
import { Shape } from "../Shapes";
import { isOldFix } from "../UnitFacts";
import { useServerNow } from "../useServerNow";
import { LastTold } from "./ToldList";

/** Where, in one line: for a narrow column, where the position's own lines come after the ranking. */
function Where({ incident }: { incident: Incident }) {
  const w = useWords();
  const unit = useStore(picture).units.get(incident.unit_id);
  const as = useStore(datum);
  const nowMs = useServerNow(1000);
  const fix = newestFix(incident, unit?.fix ?? null);
  const old = fix !== null && isOldFix(fix, nowMs);
  return (
    <p class="head-where">
      <bdi class="cut">{plainCourt(courtName(incident.court_id, incident))}</bdi>
      {fix === null ? <span class="amber"><span aria-hidden="true">◆ </span>{w.noFix}</span>
        : <span class="number">{placed(fix, as).text}</span>}
      {fix !== null && (
        <span class={old ? "number amber" : "number dim"}>
          {old && <span aria-hidden="true">◆ </span>}{isTimeDoubtful(fix) ? w.timeDoubtful : w.fixAge(age(nowMs - fix.at_ms))}
        </span>
      )}
    </p>
  );
}

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
      <Where incident={incident} />
      <LastTold told={incident.told} />
      {closed && <p><bdi>{w.closedBy(quoted(closed.by), clock(closed.at_ms), quoted(closed.reason))}</bdi></p>}
      {incident.merged_into && <p>{w.mergedInto(incident.merged_into)}</p>}
    </header>
  );
}
