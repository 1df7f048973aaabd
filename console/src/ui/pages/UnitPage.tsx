import { useEffect, useState } from "preact/hooks";
import { courtName } from "../../acts";
import { go } from "../../address";
import { listIncidents } from "../../api";
import { age, bytes, day, grouped, offset } from "../../format";
import { useWords, wordFor } from "../../i18n";
import { picture } from "../../live/picture";
import { type Incident, mayDirect, officerOf, type Unit, type User } from "../../model";
import { openIncidentOf, selectUnit } from "../../selection";
import { useStore } from "../../stores";
import { Go } from "../Go";
import { RecordingsOf } from "../recordings/RecordingsOf";
import { Shape } from "../Shapes";
import { Fact, FixFacts, UnitFacts } from "../UnitFacts";
import { useServerNow } from "../useServerNow";
import { TalksOf } from "../talk/TalksOf";
import { Attend } from "../watch/Attend";
import { IncidentTable } from "./IncidentTable";
import { UnitCommands } from "./UnitCommands";
import { certificateEndsSoon, clockIsOff, stateOf, storageIsLow } from "./unitFilter";

const RECENT = 20;

/** Everything that is known of one device. */
export function UnitPage({ id, user, lost }: { id: string; user: User; lost: boolean }) {
  const w = useWords();
  const now = useStore(picture);
  const unit = now.units.get(id);
  if (!unit) {
    return (
      <main class="alone page" aria-busy={!now.known}>
        <p role={now.known ? "alert" : undefined}>{now.known ? w.noSuchDevice : w.loading}</p>
        <Go page="units" class="link">{w.backToList}</Go>
      </main>
    );
  }
  const incident = openIncidentOf(now, id);
  return (
    <main class="page" data-page="unit" data-unit-page={id}>
      <header class="page-head">
        <Go page="units" class="link">← {w.backToList}</Go>
        <h2><bdi>{id}</bdi></h2>
        <span class="page-hint" />
        <button type="button" class="button small" onClick={() => { go("desk"); selectUnit(now, id); }}>{w.trackOnDesk}</button>
      </header>
      <div class="unit-page">
        <article class="panel" data-panel-unit={id}>
          <header class={`panel-head ${incident ? "head-alarm" : ""}`}>
            <h2><Shape kind={incident ? "alarm" : unit.online ? "online" : "offline"} /><bdi class="officer">{officerOf(unit)}</bdi></h2>
            <p class="head-state">{wordFor(w.unitState, stateOf(unit))}{unit.revoked && <span class="amber"> · ◆ {w.revoked}</span>}</p>
            {incident && <p><Go page="incidents" id={incident.incident_id} class="link">{w.inIncident} {incident.incident_id} →</Go></p>}
          </header>
          <FixFacts fix={unit.fix} />
          <UnitFacts unit={unit} court={courtName(unit.court_id)} caseNo={unit.case_no} />
          <Hardware unit={unit} />
          {mayDirect(user) && <UnitCommands unit={unit} lost={lost} />}
        </article>
        <div class="panel">
          <Attend of={unit} online={unit.online} incident={incident} user={user} may={mayDirect(user)} lost={lost} />
          <Counters unit={unit} />
          <TalksOf of={{ unit_id: id }} />
          <RecordingsOf of={{ unit_id: id }} />
          <Recent unit={unit} />
        </div>
      </div>
    </main>
  );
}

function Hardware({ unit }: { unit: Unit }) {
  const w = useWords();
  const nowMs = useServerNow(5000);
  const dropped = unit.dropped ?? 0;
  return (
    <dl class="facts" aria-label={w.deviceFacts}>
      <Fact name={w.lastError} amber={unit.last_error != null}><bdi>{unit.last_error ?? w.none}</bdi></Fact>
      <Fact name={w.certificateEnds} amber={certificateEndsSoon(unit, nowMs)}>{unit.certificate_ends_ms == null ? w.unknown : day(unit.certificate_ends_ms)}</Fact>
      <Fact name={w.firmware}>{unit.firmware ?? w.unknown}</Fact>
      <Fact name={w.clockOffset} amber={clockIsOff(unit)}>
        {unit.clock_offset_ms == null ? (unit.firmware ? w.notSet : w.unknown) : offset(unit.clock_offset_ms)}
      </Fact>
      <Fact name={w.uptime}>{unit.uptime_s == null ? w.unknown : age(unit.uptime_s * 1000)}</Fact>
      <Fact name={w.boots}>{unit.boot ?? w.unknown}</Fact>
      <Fact name={w.dropped} amber={dropped > 0}>{unit.firmware === null ? w.unknown : dropped}</Fact>
      {unit.storage_total_bytes !== null && unit.storage_free_bytes !== null && (
        <Fact name={w.storage} amber={storageIsLow(unit)}>{bytes(unit.storage_free_bytes)} / {bytes(unit.storage_total_bytes)}</Fact>
      )}
    </dl>
  );
}

function Counters({ unit }: { unit: Unit }) {
  const w = useWords();
  const counters = Object.entries(unit.counters ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <section aria-labelledby="counters-title">
      <h3 id="counters-title">{w.deviceCounters}</h3>
      {counters.length === 0 ? <p class="empty">{w.noCounters}</p> : (
        <dl class="counters-list">
          {counters.map(([name, count]) => <div key={name}><dt>{wordFor(w.counter, name)}</dt><dd class="number">{grouped(count)}</dd></div>)}
        </dl>
      )}
    </section>
  );
}

/** What this device raised lately; asked again when an incident of it begins or ends. */
function Recent({ unit }: { unit: Unit }) {
  const w = useWords();
  const [found, setFound] = useState<Incident[] | null>(null);
  useEffect(() => {
    listIncidents(new URLSearchParams({ state: "all", unit: unit.unit_id, limit: String(RECENT) }))
      .then((answer) => setFound(answer.items.filter((incident) => incident.unit_id === unit.unit_id)), () => setFound([]));
  }, [unit.unit_id, unit.incident_id]);
  return (
    <section aria-labelledby="recent-title">
      <h3 id="recent-title">{w.recentIncidents}</h3>
      {found === null ? <p class="empty" aria-busy="true">{w.loading}</p> : found.length === 0 ? <p class="empty">{w.noRecent}</p> : <div class="table-within"><IncidentTable rows={found} label={w.recentIncidents} ofOne /></div>}
    </section>
  );
}
