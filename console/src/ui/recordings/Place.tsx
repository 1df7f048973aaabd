import { useEffect, useRef, useState } from "preact/hooks";
import { trackOf } from "../../api";
import { theme } from "../../choices";
import { baseMap, datum, hiddenOverlays, nightTiles, placed } from "../../desk/choices";
import { clock } from "../../format";
import { language, useWords } from "../../i18n";
import { picture } from "../../live/picture";
import { paintWith } from "../../map/palette";
import { PlaceMap } from "../../map/placeMap";
import type { Fix, Unit } from "../../model";
import type { RecordingDetail } from "../../recording";
import { useStore } from "../../stores";

/** Positions are found by their time of arrival: some come late, and some of before show where the way began. */
const BEFORE_MS = 300_000;
const AFTER_MS = 600_000;
/** Of a recording that grows, the newest are asked for again. */
const AGAIN_MS = 5000;
/** The map is drawn so often. */
const STEP_MS = 500;

/** The map in step with the player: where the unit was at its moment. */
export function Place({ detail, utcMs, growing }: { detail: RecordingDetail; utcMs: number | null; growing: boolean }) {
  const w = useWords();
  const { fixes, failed } = useFixes(detail, growing);
  const target = useRef<HTMLDivElement>(null);
  const map = useRef<PlaceMap | null>(null);
  const look = useStore(theme);
  const lang = useStore(language);
  const as = useStore(datum);
  const courts = useStore(picture).courts;
  const layers = useStore(picture).gateway?.map?.layers ?? [];
  const [base, hidden, night] = [useStore(baseMap), useStore(hiddenOverlays), useStore(nightTiles)];
  const [fix, setFix] = useState<Fix | null>(null);
  const stepMs = utcMs === null ? null : Math.ceil(utcMs / STEP_MS) * STEP_MS;

  useEffect(() => {
    if (!target.current || fixes === null) return;
    paintWith(look);
    const made = new PlaceMap(target.current, fixes, courts);
    map.current = made;
    setFix(made.show(shown(detail), stepMs));
    return () => {
      map.current = null;
      made.close();
    };
  }, [fixes, look, courts.size]);
  useEffect(() => void (map.current && setFix(map.current.show(shown(detail), stepMs))), [stepMs]);
  useEffect(() => {
    map.current?.baseMaps.show(layers, { base, hidden: new Set(hidden.split(" ")), night: night === "yes" && look === "dark", lang });
  }, [layers, base, hidden, night, look, lang, fixes]);

  return (
    <section class="place" aria-labelledby="place-title">
      <h3 id="place-title">{w.rec.place}</h3>
      <div class="place-map map">
        <div ref={target} class="map-canvas" tabIndex={0} role="application" aria-label={w.rec.place} data-place-map />
        <div class="map-tools">
          <button type="button" class="tool" onClick={() => map.current?.zoom(1)} aria-label={w.zoomIn}>+</button>
          <button type="button" class="tool" onClick={() => map.current?.zoom(-1)} aria-label={w.zoomOut}>−</button>
          <button type="button" class="tool" onClick={() => map.current?.fit()} aria-label={w.rec.fit} title={w.rec.fit}>
            <svg class="shape" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6"><path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" /></svg>
          </button>
        </div>
      </div>
      <p class="number dim">
        {failed ? <span class="amber">◆ {w.rec.trackFailed}</span> : fix ? <>{w.rec.placeAt(clock(fix.at_ms))} <bdi>{placed(fix, as).text}</bdi> {placed(fix, as).datum}</> : fixes === null ? w.loading : w.rec.noPlace}
      </p>
    </section>
  );
}

/** A unit of the past, as the map draws it. */
function shown(detail: RecordingDetail): Unit {
  return {
    unit_id: detail.unit_id, court_id: detail.court_id, officer: detail.officer, case_no: null, online: true, seen_ms: null, fix: null, battery_pct: null,
    charging: null, signal_dbm: null, network: null, storage_free_bytes: null, storage_total_bytes: null, recording: null, firmware: null, clock_quality: null, incident_id: null,
  };
}

function useFixes(detail: RecordingDetail, growing: boolean): { fixes: Fix[] | null; failed: boolean } {
  const [fixes, setFixes] = useState<Fix[] | null>(null);
  const [failed, setFailed] = useState(false);
  const untilMs = growing ? null : detail.to_ms + AFTER_MS;
  useEffect(() => {
    const ask = (): void => {
      trackOf(detail.unit_id, detail.from_ms - BEFORE_MS, untilMs).then(
        ({ items }) => {
          const sorted = items.filter((fix) => fix.fault === null).sort((a, b) => a.at_ms - b.at_ms);
          setFailed(false);
          setFixes((old) => (old && old.length === sorted.length && old.at(-1)?.at_ms === sorted.at(-1)?.at_ms ? old : sorted));
        },
        () => setFailed(true),
      );
    };
    ask();
    if (!growing) return;
    const timer = setInterval(ask, AGAIN_MS);
    return () => clearInterval(timer);
  }, [detail.unit_id, detail.from_ms, untilMs]);
  return { fixes, failed };
}
