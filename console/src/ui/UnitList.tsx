import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Found, found, marked, wordsOf } from "../desk/search";
import { districtCourt, plainCourt, shortCourt } from "../format";
import { useWords } from "../i18n";
import type { Picture } from "../live/picture";
import { scene } from "../live/scene";
import { hasWeakSignal, isDegraded, isLowBattery, isTest, officerOf, unseen } from "../model";
import { areaFilter, openIncidentOf, selection, selectUnit, unitFilter } from "../selection";
import { useStore } from "../stores";
import { Shape, type ShapeKind } from "./Shapes";
import { useHeight } from "./useHeight";

const ROW_PX = 30;
const SPARE_ROWS = 6;
const MARKED_LENGTH = 120;

/** Every unit, searchable; only the rows in sight exist in the document. */
export function UnitList() {
  const w = useWords();
  const now = useStore(scene);
  const filter = useStore(unitFilter);
  const area = useStore(areaFilter);
  const chosen = useStore(selection);
  const [search, setSearch] = useState("");
  const [top, setTop] = useState(0);
  /** The row that the arrow keys have reached, to be focused as soon as it exists. */
  const [reached, setReached] = useState<number | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const rows = useMemo(() => found(now, { search, filter, area }), [now.units, now.courts, now.incidents, search, filter, area]);
  const parts = useMemo(() => wordsOf(search), [search]);

  const height = useHeight(scroller, 600);
  useEffect(() => scroller.current?.scrollTo({ top: 0 }), [search, filter, area]);
  useLayoutEffect(() => {
    if (reached === null) return;
    const element = scroller.current?.querySelector<HTMLElement>(`[data-at="${reached}"]`);
    element?.focus({ preventScroll: true });
    if (element) setReached(null);
  });

  function reach(row: number): void {
    const element = scroller.current;
    if (!element || rows.length === 0) return;
    const at = Math.max(0, Math.min(rows.length - 1, row));
    if (at * ROW_PX < element.scrollTop) element.scrollTop = at * ROW_PX;
    else if ((at + 1) * ROW_PX > element.scrollTop + element.clientHeight) element.scrollTop = (at + 1) * ROW_PX - element.clientHeight;
    setTop(element.scrollTop);
    setReached(at);
  }

  function onFieldKey(event: KeyboardEvent): void {
    if (event.key === "ArrowDown") reach(0);
    else if (event.key === "Enter" && rows[0]) selectUnit(now, rows[0].unit.unit_id);
    else return;
    event.preventDefault();
  }

  function onRowKey(event: KeyboardEvent): void {
    const at = Number((event.target as HTMLElement).dataset["at"]);
    const page = Math.max(1, Math.floor(height / ROW_PX) - 1);
    const by: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const step = by[event.key];
    if (step === undefined || !Number.isFinite(at)) return;
    event.preventDefault();
    if (event.key === "ArrowUp" && at === 0) field.current?.focus();
    else reach(at + step);
  }

  const from = Math.max(0, Math.floor(top / ROW_PX) - SPARE_ROWS);
  const shown = rows.slice(from, from + Math.ceil(height / ROW_PX) + 2 * SPARE_ROWS);
  const areaName = area === null ? "" : shortCourt(now.courts.get(area)?.name ?? area);
  return (
    <section class="units" aria-labelledby="units-title">
      <h2 id="units-title">{w.units} <b class="number">{w.unitCount(rows.length, now.units.size)}</b></h2>
      <div class="search">
        <input id="unit-search" ref={field} type="search" value={search} placeholder={w.searchPlaceholder} aria-label={w.searchPlaceholder}
          aria-describedby="unit-hits" onInput={(event) => setSearch(event.currentTarget.value)} onKeyDown={onFieldKey} maxLength={64} spellcheck={false} autocomplete="off" />
        {filter !== "all" && (
          <button type="button" class="pill" onClick={() => unitFilter.set("all")}>
            {{ online: w.online, offline: w.offline, low_battery: w.lowBattery }[filter]} ✕
          </button>
        )}
        {area !== null && (
          <button type="button" class="pill" data-area-filter={area} onClick={() => areaFilter.set(null)} aria-label={`${w.desk.areaFilter(areaName)} · ${w.desk.areaClear}`}>
            <bdi class="cut">{areaName}</bdi> ✕
          </button>
        )}
        <span id="unit-hits" class="only-heard" role="status">{search ? w.desk.searchHits(rows.length) : ""}</span>
      </div>
      <div class="rows" ref={scroller} onScroll={(event) => setTop(event.currentTarget.scrollTop)} onKeyDown={onRowKey}>
        {rows.length === 0 && now.known && <p class="empty">{w.noUnits}</p>}
        <ul style={{ height: `${rows.length * ROW_PX}px` }} aria-label={w.units}>
          {shown.map((row, i) => (
            <li key={row.unit.unit_id} style={{ transform: `translateY(${(from + i) * ROW_PX}px)` }}
              aria-setsize={rows.length} aria-posinset={from + i + 1}>
              <Row found={row} at={from + i} parts={parts} now={now}
                chosen={chosen?.id === row.unit.unit_id || (chosen?.what === "incident" && chosen.id === openIncidentOf(now, row.unit.unit_id)?.incident_id)} />
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function Row({ found: { unit, by }, at, parts, now, chosen }: { found: Found; at: number; parts: string[]; now: Picture; chosen: boolean }) {
  const w = useWords();
  const incident = openIncidentOf(now, unit.unit_id);
  const kind: ShapeKind = incident ? "alarm" : !unit.online ? "offline" : isDegraded(unit) ? "degraded" : "online";
  const hidden = unseen(unit);
  const note = incident ? w.inIncident : !unit.online ? w.offline : hidden ? w.pictureState[hidden] : hasWeakSignal(unit) ? w.weakSignal : null;
  const look = incident && !isTest(incident) ? "row-alarm" : kind === "degraded" ? "row-degraded" : "";
  const court = now.courts.get(unit.court_id)?.name ?? unit.court_id;
  // What was looked for is shown, in place of the court when it is none of what a row has anyway.
  const second = by === "unit" ? unit.unit_id : by === "case" ? (unit.case_no ?? "") : by === "court" ? plainCourt(court) : districtCourt(court);
  return (
    <button type="button" class={`row ${look}`} aria-current={chosen} data-unit={unit.unit_id} data-at={at} data-by={by}
      onClick={() => selectUnit(now, unit.unit_id)}>
      <Shape kind={kind} />
      <bdi class="cut"><Marked text={officerOf(unit)} parts={parts} /></bdi>
      <bdi class="cut dim"><Marked text={second} parts={parts} /></bdi>
      <span class="row-note dim">{note}</span>
      <span class={`number ${isLowBattery(unit) ? "amber" : "dim"}`}>{unit.battery_pct === null ? "—" : `${unit.battery_pct}%`}</span>
    </button>
  );
}

function Marked({ text, parts }: { text: string; parts: string[] }) {
  if (parts.length === 0) return <>{text}</>;
  const shown = text.slice(0, MARKED_LENGTH);
  return <>{marked(shown, parts).map((piece, i) => (piece.hit ? <mark key={i}>{piece.text}</mark> : piece.text))}{text.slice(MARKED_LENGTH)}</>;
}
