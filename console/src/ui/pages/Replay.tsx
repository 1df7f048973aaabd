import { useEffect, useRef, useState } from "preact/hooks";
import { courtName } from "../../acts";
import { replayOf } from "../../api";
import { theme } from "../../choices";
import { baseMap, hiddenOverlays, nightTiles } from "../../desk/choices";
import { clock, plainCourt } from "../../format";
import { language, useWords, wordFor } from "../../i18n";
import { picture } from "../../live/picture";
import { paintWith } from "../../map/palette";
import { incidentAt, lastBefore } from "../../map/past";
import { ReplayMap } from "../../map/replayMap";
import { type Incident, isOpen, type Replay as Past, type TimelineEntry } from "../../model";
import { useStore } from "../../stores";
import { eventName } from "../incident/facts";
import { Scrubber } from "./Scrubber";
import { usePlaying } from "./usePlaying";

/** The map over the incident's time: who was where, and how things stood. */
export function Replay({ incident }: { incident: Incident }) {
  const w = useWords();
  const [past, setPast] = useState<Past | null>(null);
  const [failed, setFailed] = useState(false);
  const open = isOpen(incident);

  function ask(): void {
    setFailed(false);
    replayOf(incident.incident_id).then(setPast, () => setFailed(true));
  }
  useEffect(ask, [incident.incident_id, open]);

  return (
    <section class="replay" aria-labelledby="replay-title">
      <header class="section-head">
        <h3 id="replay-title">
          {w.replay} {past && <small>{w.replayUnits(past.units.filter((unit) => unit.member).length, past.units.filter((unit) => !unit.member).length)}</small>}
          {past?.thinned ? <small class="amber">◆ {w.replayThinned}</small> : null}
        </h3>
        {open && past && <button type="button" class="pill" onClick={ask}>{w.replayToNow}</button>}
      </header>
      {failed && (
        <p class="amber" role="alert"><span aria-hidden="true">◆ </span>{w.replayFailed} <button type="button" class="button small" onClick={ask}>{w.tryAgain}</button></p>
      )}
      {past && <Stage key={`${past.from_ms}/${past.to_ms}`} past={past} incident={incident} />}
      {!past && !failed && <p class="empty" aria-busy="true">{w.loading}</p>}
    </section>
  );
}

function Stage({ past, incident }: { past: Past; incident: Incident }) {
  const w = useWords();
  const target = useRef<HTMLDivElement>(null);
  const map = useRef<ReplayMap | null>(null);
  const look = useStore(theme);
  const lang = useStore(language);
  const courts = useStore(picture).courts;
  const layers = useStore(picture).gateway?.map?.layers ?? [];
  const [base, hidden, night] = [useStore(baseMap), useStore(hiddenOverlays), useStore(nightTiles)];
  const player = usePlaying(past.from_ms, past.to_ms, Math.max(past.from_ms, Math.min(past.to_ms, incident.opened_ms)));

  useEffect(() => {
    if (!target.current) return;
    paintWith(look);
    const made = new ReplayMap(target.current, past, incident, courts);
    map.current = made;
    made.show(player.atMs);
    return () => {
      map.current = null;
      made.close();
    };
  }, [past, look, courts.size]);
  useEffect(() => void map.current?.show(player.atMs), [player.atMs]);
  useEffect(() => {
    map.current?.baseMaps.show(layers, { base, hidden: new Set(hidden.split(" ")), night: night === "yes" && look === "dark", lang });
  }, [layers, base, hidden, night, look, lang, past]);

  const ticks = past.events.filter((entry) => entry.event !== "position_changed");
  return (
    <>
      <div class="replay-map map">
        <div ref={target} class="map-canvas" tabIndex={0} role="application" aria-label={w.replayMap} data-replay-map />
        <div class="map-tools">
          <button type="button" class="tool" onClick={() => map.current?.zoom(1)} aria-label={w.zoomIn}>+</button>
          <button type="button" class="tool" onClick={() => map.current?.zoom(-1)} aria-label={w.zoomOut}>−</button>
          <button type="button" class="tool" onClick={() => map.current?.fit()} aria-label={w.fitAll} title={w.fitAll}>
            <svg class="shape" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6"><path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" /></svg>
          </button>
        </div>
        <Then incident={incident} past={past} atMs={player.atMs} ticks={ticks} />
      </div>
      <Scrubber player={player} past={past} ticks={ticks} />
    </>
  );
}

/** How things stood at that moment, in words on the map. */
function Then({ incident, past, atMs, ticks }: { incident: Incident; past: Past; atMs: number; ticks: TimelineEntry[] }) {
  const w = useWords();
  const then = incidentAt(incident, past.events, atMs);
  const last = ticks.findLast((entry) => entry.at_ms <= atMs);
  const own = past.units.find((unit) => unit.unit_id === incident.unit_id);
  const placed = own && lastBefore(own.fixes, atMs);
  return (
    <p class="replay-then" data-replay-state={then?.state ?? "BEFORE"}>
      <b class="number">{clock(atMs)}</b>
      <strong>{then ? wordFor(w.state, then.state) : w.replayBefore}</strong>
      {then?.owner_court_id && <bdi class="cut">{plainCourt(courtName(then.owner_court_id, incident))}</bdi>}
      {last && <span class="dim"><span class="number">{clock(last.at_ms)}</span> {eventName(last, w)} {last.by && <bdi>{last.by}</bdi>}</span>}
      {!placed && <span class="dim">{w.replayNoFix}</span>}
    </p>
  );
}
