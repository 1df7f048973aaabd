import { useState } from "preact/hooks";
import { courtName } from "../acts";
import { closedIncidents } from "../api";
import { clock, dateClock, plainCourt } from "../format";
import { alarmKind, useWords, wordFor } from "../i18n";
import { learn, picture, waitsFor } from "../live/picture";
import { type Incident, isOpen, isTest, officerOf, type User } from "../model";
import { selectIncident, selection } from "../selection";
import { useStore } from "../stores";
import { FloodView } from "./FloodView";
import { Shape } from "./Shapes";

/** Open incidents, the most urgent first; below, folded away, what has ended. */
export function Queue({ line, user, floodSinceMs }: { line: Incident[]; user: User; floodSinceMs: number | null }) {
  const w = useWords();
  const chosen = useStore(selection);
  const courtView = user.role === "court";

  function onKey(event: KeyboardEvent): void {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const at = line.findIndex((incident) => incident.incident_id === chosen?.id);
    const next = line[Math.max(0, Math.min(line.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))];
    if (!next) return;
    selectIncident(next.incident_id);
    document.getElementById(`queue-${next.incident_id}`)?.focus();
  }

  return (
    <section class={`queue ${floodSinceMs === null ? "" : "queue-flood"}`} aria-labelledby="queue-title">
      <h2 id="queue-title">{w.queue} <b class="number">{line.length}</b></h2>
      {line.length === 0 && <p class="empty">{courtView ? w.noOffers : w.noAlarms}</p>}
      <div class="queue-items" onKeyDown={onKey}>
        {floodSinceMs !== null && line.length > 0 ? <FloodView line={line} user={user} sinceMs={floodSinceMs} /> : (
          <ul>
            {line.map((incident) => (
              <li key={incident.incident_id}>
                <QueueItem incident={incident} waiting={waitsFor(incident, user)} court={courtView} login={user.login}
                  chosen={chosen?.id === incident.incident_id} />
              </li>
            ))}
          </ul>
        )}
      </div>
      <Finished />
    </section>
  );
}

function QueueItem({ incident, waiting, chosen, court, login }: { incident: Incident; waiting: boolean; chosen: boolean; court: boolean; login: string }) {
  const w = useWords();
  const kind = alarmKind(incident.kind);
  const asked = incident.centre.handover;
  const mark = waiting && court ? w.answerNow : incident.centre.acknowledged_ms === null ? w.unacknowledged : w.acknowledged;
  const look = isTest(incident) ? "item-test" : waiting ? "item-waiting" : "item-known";
  return (
    <button type="button" id={`queue-${incident.incident_id}`} class={`item ${look}`} aria-current={chosen}
      data-incident={incident.incident_id} onClick={() => selectIncident(incident.incident_id)}>
      <Shape kind="alarm" />
      <strong><bdi class="cut">{officerOf(incident)}</bdi></strong>
      <span class="item-marks">
        {incident.duress && <em class="badge">{w.duress}</em>}
        {isTest(incident) && <em class="badge">{w.test}</em>}
        {kind === "exercise" && <em class="badge">{w.exercise}</em>}
        {asked && asked.to_login === login && <em class="badge badge-mine">{w.handOverToYou}</em>}
        {!(asked && asked.to_login === login) && <em class={waiting ? "badge" : "badge faint"}>{asked ? w.handOverWaits : mark}</em>}
      </span>
      <small class="cut">{wordFor(w.alarmTitle, kind)} · <bdi>{plainCourt(courtName(incident.court_id, incident))}</bdi></small>
      <small class="cut dim number">{clock(incident.opened_ms)} · {wordFor(w.state, incident.state)}</small>
    </button>
  );
}

function Finished() {
  const w = useWords();
  const now = useStore(picture);
  const [asked, setAsked] = useState(false);
  const done = [...now.incidents.values()].filter((incident) => !isOpen(incident)).sort((a, b) => b.opened_ms - a.opened_ms);

  function onToggle(): void {
    if (asked) return;
    setAsked(true);
    closedIncidents().then((page) => page.items.forEach(learn), () => setAsked(false));
  }

  return (
    <details class="finished" onToggle={onToggle}>
      <summary>{w.finished}</summary>
      {done.length === 0 && <p class="empty">{w.noFinished}</p>}
      <ul>
        {done.map((incident) => (
          <li key={incident.incident_id}>
            <button type="button" class="item item-done" onClick={() => selectIncident(incident.incident_id)}>
              <span class="cut"><bdi>{officerOf(incident)}</bdi></span>
              {incident.test && <em class="badge faint">{w.test}</em>}
              <small class="dim number">{dateClock(incident.opened_ms)}</small>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
