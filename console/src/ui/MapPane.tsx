import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { trackOf } from "../api";
import { tell } from "../acts";
import { address } from "../address";
import { shortKeys, theme } from "../choices";
import { areaHead } from "../desk/areas";
import { baseMap, hiddenOverlays, nightTiles, trackShown } from "../desk/choices";
import { lengthExact } from "../format";
import { language, useWords, words } from "../i18n";
import { picture, serverNowMs } from "../live/picture";
import { scene } from "../live/scene";
import { alarmAt } from "../map/alarmLayer";
import { chosenLayers, type Problems } from "../map/baseMaps";
import type { Measured } from "../map/measure";
import { paintWith } from "../map/palette";
import { type OffMap, Situation } from "../map/situation";
import { TRACK_MS } from "../map/track";
import { areaFilter, selectIncident, selection, selectUnit } from "../selection";
import { useStore } from "../stores";
import { MapTools } from "./MapTools";
import { mapAt, Readout } from "./Readout";
import { Shape, type ShapeKind } from "./Shapes";

const NONE: Problems = new Map();

export default function MapPane() {
  const w = useWords();
  const target = useRef<HTMLDivElement>(null);
  const situation = useRef<Situation | null>(null);
  const [offMap, setOffMap] = useState<OffMap[]>([]);
  const [measured, setMeasured] = useState<Measured | null>(null);
  const [problems, setProblems] = useState<Problems>(NONE);
  const now = useStore(scene);
  const chosen = useStore(selection);
  const area = useStore(areaFilter);
  const spoken = useStore(language);
  const layers = now.gateway?.map?.layers ?? [];
  const [base, hidden, night, withTrack] = [useStore(baseMap), useStore(hiddenOverlays), useStore(nightTiles), useStore(trackShown)];

  // Before the next frame: so the map is in the same one as what stands around it.
  useLayoutEffect(() => {
    if (!target.current) return;
    paintWith(theme.get());
    const made = new Situation(target.current, {
      picked: (picked) => (picked.what === "unit" ? selectUnit(picture.get(), picked.id) : selectIncident(picked.id)),
      offMap: (next) => setOffMap((old) => (same(old, next) ? old : next)),
      at: (pointer, middle) => mapAt.set({ pointer, middle }),
      measured: setMeasured,
      problems: setProblems,
    });
    situation.current = made;
    return () => {
      situation.current = null;
      made.close();
    };
  }, []);
  useLayoutEffect(() => situation.current?.draw(now, chosen), [now, chosen, spoken]);
  useEffect(() => {
    situation.current?.baseMaps.show(layers, { base, hidden: new Set(hidden.split(" ")), night: night === "yes" && theme.get() === "dark", lang: spoken });
  }, [layers, base, hidden, night, spoken]);
  // What is chosen before anybody knows where it is, is shown once it is known.
  const alarm = chosen?.what === "incident" ? now.incidents.get(chosen.id) : undefined;
  const placed = alarm ? alarmAt(alarm, now) !== null : chosen?.what === "unit" && !!now.units.get(chosen.id)?.fix;
  useEffect(() => {
    const known = picture.get(); // what is drawn is a moment behind
    const incident = chosen?.what === "incident" ? known.incidents.get(chosen.id) : undefined;
    const fix = chosen?.what === "unit" ? known.units.get(chosen.id)?.fix : null;
    if (incident) situation.current?.focusIncident(incident, known);
    else if (fix) situation.current?.focusUnit(fix.lon, fix.lat);
  }, [chosen?.what, chosen?.id, placed]);
  useEffect(() => {
    if (area === null) return;
    const inside = [...now.courts.values()].filter((court) => areaHead(now.courts, court.court_id)?.court_id === area);
    situation.current?.focusPlaces(inside);
  }, [area]);

  const unitId = chosen?.what === "unit" ? chosen.id : chosen ? (now.incidents.get(chosen.id)?.unit_id ?? null) : null;
  useEffect(() => {
    const followed = withTrack === "yes" ? unitId : null;
    situation.current?.followTrack(followed);
    if (followed === null) return;
    trackOf(followed, serverNowMs() - TRACK_MS).then(
      (found) => situation.current?.beginTrack(followed, found.items),
      () => tell(false, words().desk.trackFailed),
    );
  }, [unitId, withTrack]);

  const measuring = measured !== null;
  useEffect(() => {
    // Before the page's own keys: Esc ends the measuring, and leaves what is chosen.
    function onKey(event: KeyboardEvent): void {
      if (address.get().page === "wall") return;
      const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
      if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const onMap = event.target === document.body || event.target === target.current;
      if ((event.key === "m" || event.key === "M") && shortKeys.get() === "on") measuring ? situation.current?.endMeasuring() : situation.current?.startMeasuring();
      else if (!measuring) return;
      else if (event.key === "Escape") situation.current?.endMeasuring();
      else if (event.key === "Backspace") situation.current?.measureBack();
      else if (event.key === "Enter" && onMap) situation.current?.measureHere();
      else return;
      event.preventDefault();
      event.stopPropagation();
    }
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, [measuring]);

  const drawn = chosenLayers(layers, base, new Set(hidden.split(" ")));
  const coarse = drawn.length === 0 || drawn.some((layer) => problems.has(layer.id));
  const placeholder = [...now.courts.values()].some((court) => court.placeholder);
  return (
    <main class="map" aria-label={w.mapLabel}>
      <div ref={target} class="map-canvas" tabIndex={0} aria-label={w.mapLabel} role="application" />
      <MapTools layers={layers} problems={problems} measuring={measuring}
        onZoom={(by) => situation.current?.zoom(by)} onFitAll={() => situation.current?.fitAll()}
        onMeasure={() => (measuring ? situation.current?.endMeasuring() : situation.current?.startMeasuring())} />
      {measured && <MeasureBox measured={measured} onEnd={() => situation.current?.endMeasuring()} />}
      {offMap.length > 0 && (
        <ul class="off-map" aria-label={w.offMap}>
          {offMap.slice(0, 6).map((alarm) => (
            <li key={alarm.id}>
              <button type="button" onClick={() => {
                const incident = now.incidents.get(alarm.id);
                if (incident) situation.current?.focusIncident(incident, now);
                selectIncident(alarm.id);
              }}>
                <svg class="shape" viewBox="0 0 16 16" aria-hidden="true" style={{ transform: `rotate(${alarm.bearing_deg}deg)` }}>
                  <path d="M8 1 13 14 8 11 3 14z" fill="currentColor" />
                </svg>
                <bdi class="cut">{alarm.name}</bdi>
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="map-foot">
        {[...problems].map(([id, why]) => {
          const title = layers.find((layer) => layer.id === id)?.title[spoken] ?? id;
          return <p key={id} class="map-problem amber" role="status" data-map-problem={id}>◆ {w.desk.layerFailed(title, why || w.desk.noLayerAnswer)}</p>;
        })}
        <Legend />
        <p class="map-note">
          {[coarse && w.mapCoarse, placeholder && w.mapPlaceholder].filter(Boolean).join(" · ")}
          {drawn.length > 0 && <> {coarse || placeholder ? "· " : ""}<span data-attribution>{w.desk.mapSource}: <bdi>{[...new Set(drawn.map((layer) => layer.attribution))].join(" · ")}</bdi></span></>}
        </p>
      </div>
      <Readout />
    </main>
  );
}

function MeasureBox({ measured, onEnd }: { measured: Measured; onEnd: () => void }) {
  const w = useWords();
  return (
    <div class="measure-box" data-measure>
      {measured.points === 0 ? <span>{w.desk.measureHint}</span> : (
        <>
          <span class="dim">{w.desk.measureTotal}</span> <b class="number" data-measure-total={measured.total_m.toFixed(3)}>{lengthExact(measured.total_m)}</b>
          <span class="dim">{w.desk.measureSegment}</span> <b class="number">{lengthExact(measured.segment_m)}</b>
          <span class="dim">{w.desk.geodesic}</span>
        </>
      )}
      <button type="button" class="pill" onClick={onEnd}>{w.desk.measureEnd} <kbd>Esc</kbd></button>
    </div>
  );
}

function Legend() {
  const w = useWords();
  const entries: [ShapeKind, string][] = [
    ["online", w.legendUnit], ["moving", w.legendMoving], ["degraded", w.legendDegraded], ["offline", w.legendOffline], ["cluster", w.desk.legendCluster],
    ["alarm", w.legendAlarm], ["court", w.legendCourt], ["court-basic", w.legendBasic], ["court-off", w.legendOffDuty], ["track", w.desk.legendTrack],
  ];
  return <ul class="legend">{entries.map(([kind, text]) => <li key={kind}><Shape kind={kind} />{text}</li>)}</ul>;
}

function same(a: OffMap[], b: OffMap[]): boolean {
  return a.length === b.length && a.every((alarm, i) => alarm.id === b[i]?.id && alarm.bearing_deg === b[i]?.bearing_deg);
}
