import { courtName } from "../acts";
import { areaHead } from "../desk/areas";
import { clock, counter, districtCourt, shortCourt } from "../format";
import { alarmKind, useWords, wordFor } from "../i18n";
import { picture, type Picture, waitsFor } from "../live/picture";
import { type Incident, isTest, officerOf, type User } from "../model";
import { selectIncident, selection } from "../selection";
import { useStore } from "../stores";
import { Shape } from "./Shapes";
import { useServerNow } from "./useServerNow";

interface Group {
  id: string;
  name: string;
  incidents: Incident[];
  waiting: number;
}

/** The queue in an alarm flood: one line an alarm, grouped by area, where somebody has waited longest first. */
export function FloodView({ line, user, sinceMs }: { line: Incident[]; user: User; sinceMs: number }) {
  const w = useWords();
  const now = useStore(picture);
  const nowMs = useServerNow(1000);
  const groups = grouped(line, now, user, w.desk.floodElsewhere);
  const real = line.filter((incident) => !isTest(incident));
  return (
    <div class="flood" data-flood>
      <p class="flood-head" role="status">
        <Shape kind="alarm" />
        <strong>{w.desk.floodTitle}</strong>
        <span class="number" data-flood-since={sinceMs}>{w.desk.floodSince(clock(sinceMs))} · {counter(nowMs - sinceMs)}</span>
        <span class="number flood-count">{w.desk.floodCount(real.length, real.filter((incident) => waitsFor(incident, user)).length)}</span>
        {user.role !== "viewer" && <small>{w.desk.floodHint}</small>}
      </p>
      {groups.map((group) => (
        <section key={group.id} data-flood-area={group.id} aria-label={group.name}>
          <h3>
            <bdi class="cut">{group.name}</bdi>
            <span class="number">{group.incidents.length}</span>
            {group.waiting > 0 && <em class="badge number">{w.unacknowledged} {group.waiting}</em>}
          </h3>
          <ul>
            {group.incidents.map((incident) => <Line key={incident.incident_id} incident={incident} waiting={waitsFor(incident, user)} nowMs={nowMs} />)}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Line({ incident, waiting, nowMs }: { incident: Incident; waiting: boolean; nowMs: number }) {
  const w = useWords();
  const chosen = useStore(selection)?.id === incident.incident_id;
  const mark = incident.duress ? w.duress : isTest(incident) ? w.test : alarmKind(incident.kind) === "exercise" ? w.exercise : null;
  return (
    <li>
      <button type="button" id={`queue-${incident.incident_id}`} class={`line ${waiting ? "line-waiting" : ""} ${isTest(incident) ? "line-test" : ""}`}
        aria-current={chosen} data-incident={incident.incident_id} title={wordFor(w.alarmTitle, alarmKind(incident.kind))}
        onClick={() => selectIncident(incident.incident_id)}>
        <Shape kind="alarm" />
        <bdi class="cut">{officerOf(incident)}</bdi>
        <span class="cut dim"><bdi>{districtCourt(courtName(incident.court_id, incident))}</bdi></span>
        {mark && <em class="badge">{mark}</em>}
        <span class="number">{waiting ? counter(nowMs - incident.opened_ms) : w.acknowledged}</span>
      </button>
    </li>
  );
}

/** Groups as their first alarm stands in the queue, so that F2 and the eye go the same way. */
function grouped(line: Incident[], now: Picture, user: User, elsewhere: string): Group[] {
  const found = new Map<string, Group>();
  for (const incident of line) {
    const head = areaHead(now.courts, incident.court_id);
    const id = head?.court_id ?? "";
    let group = found.get(id);
    if (!group) {
      group = { id, name: head ? shortCourt(head.name) : elsewhere, incidents: [], waiting: 0 };
      found.set(id, group);
    }
    group.incidents.push(incident);
    if (waitsFor(incident, user)) group.waiting += 1;
  }
  return [...found.values()];
}
