import { quoted } from "../../format";
import { go } from "../../address";
import { useWords } from "../../i18n";
import { type Incident, officerOf, type User } from "../../model";
import { ActButton } from "./ActButton";

/** Hand-overs to this person, on whatever page: they stay until somebody has taken them. */
export function HandOverCalls({ line, user, lost }: { line: Incident[]; user: User; lost: boolean }) {
  const w = useWords();
  const mine = line.filter((incident) => incident.centre.handover?.to_login === user.login);
  if (mine.length === 0) return null;
  return (
    <ul class="handover-calls" aria-label={w.handOverToYou}>
      {mine.map((incident) => (
        <li key={incident.incident_id} class="strip strip-handover" role="status" data-handover-call={incident.incident_id}>
          <strong><bdi>{w.handOverFrom(quoted(incident.centre.handover?.by))}</bdi></strong>
          <bdi class="cut">{officerOf(incident)}</bdi>
          <span class="number dim">{incident.incident_id}</span>
          {incident.centre.handover?.note && <bdi class="cut handover-words">{incident.centre.handover.note}</bdi>}
          <span class="strip-acts">
            <button type="button" class="button small" onClick={() => go("incidents", incident.incident_id)}>{w.look}</button>
            <ActButton incident={incident} verb="take_over" name={w.takeOver} lost={lost} look="small primary" />
          </span>
        </li>
      ))}
    </ul>
  );
}
