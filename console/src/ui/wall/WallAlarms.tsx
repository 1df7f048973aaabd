import { courtName } from "../../acts";
import { counter, plainCourt } from "../../format";
import { alarmKind, useWords, wordFor } from "../../i18n";
import { picture } from "../../live/picture";
import { type Incident, isTest, officerOf } from "../../model";
import { useStore } from "../../stores";
import { Shape } from "../Shapes";
import { useServerNow } from "../useServerNow";

/** So many are read from the other end of a room; the rest is counted. */
const SHOWN = 5;

export function WallAlarms({ line, lost }: { line: Incident[]; lost: boolean }) {
  const w = useWords();
  const known = useStore(picture).known;
  if (line.length === 0) {
    return <section class="wall-alarms wall-quiet" aria-label={w.queue}><p>{lost || !known ? w.unknown : w.noAlarms}</p></section>;
  }
  return (
    <section class="wall-alarms" aria-label={w.queue}>
      <ol>{line.slice(0, SHOWN).map((incident) => <WallAlarm key={incident.incident_id} incident={incident} lost={lost} />)}</ol>
      {line.length > SHOWN && <p class="wall-more">{w.moreAlarms(line.length - SHOWN)}</p>}
    </section>
  );
}

function WallAlarm({ incident, lost }: { incident: Incident; lost: boolean }) {
  const w = useWords();
  const nowMs = useServerNow();
  const kind = alarmKind(incident.kind);
  const waiting = incident.centre.acknowledged_ms === null;
  const look = isTest(incident) ? "wall-test" : waiting ? "wall-waiting" : "wall-known";
  return (
    <li class={`wall-alarm ${look}`} data-wall-incident={incident.incident_id}>
      <Shape kind="alarm" />
      <strong class="cut"><bdi>{officerOf(incident)}</bdi></strong>
      <b class="number wall-age">{lost ? w.noAge : counter(nowMs - incident.opened_ms)}</b>
      <span class="cut wall-where">
        {wordFor(w.alarmTitle, kind)}{incident.duress && ` · ${w.duress}`} · <bdi>{plainCourt(courtName(incident.court_id, incident))}</bdi>
      </span>
      <span class="cut wall-state">{waiting ? w.unacknowledged : wordFor(w.state, incident.state)}</span>
    </li>
  );
}
