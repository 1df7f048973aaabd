import { useRef, useState } from "preact/hooks";
import { setQuery } from "../../address";
import { age, bytes, day, districtCourt, offset, signal } from "../../format";
import { useWords } from "../../i18n";
import { type Picture } from "../../live/picture";
import { hasWeakSignal, isLowBattery, type Unit, unseen } from "../../model";
import { openIncidentOf } from "../../selection";
import { Go } from "../Go";
import { Shape, type ShapeKind } from "../Shapes";
import { useHeight } from "../useHeight";
import { onRowKey, openRow } from "./rowKeys";
import { certificateEndsSoon, clockIsOff, type Column, COLUMNS, type Order, stateOf, storageIsLow } from "./unitFilter";

const ROW_PX = 30;
const SPARE_ROWS = 10;
const RIGHT: ReadonlySet<Column> = new Set(["battery", "signal", "storage", "seen", "offset", "dropped"]);

/** Only the rows in sight exist in the document; two empty ones stand for those above and below. */
export function UnitTable({ units, order, now, nowMs }: { units: Unit[]; order: Order; now: Picture; nowMs: number }) {
  const w = useWords();
  const scroller = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const height = useHeight(scroller, 800);
  const from = Math.min(Math.max(0, Math.floor(top / ROW_PX) - SPARE_ROWS), Math.max(0, units.length - 1));
  const shown = units.slice(from, from + Math.ceil(height / ROW_PX) + 2 * SPARE_ROWS);
  const below = units.length - from - shown.length;
  return (
    <div class="table-scroll" ref={scroller} onScroll={(event) => setTop(event.currentTarget.scrollTop)} tabIndex={-1}>
      <table class="dense units-table" aria-label={w.devices} aria-rowcount={units.length + 1} onKeyDown={onRowKey}>
        <thead>
          <tr aria-rowindex={1}>{COLUMNS.map((column) => <Head key={column} column={column} order={order} />)}</tr>
        </thead>
        <tbody>
          {from > 0 && <tr class="spare" aria-hidden="true"><td colSpan={COLUMNS.length} style={{ height: `${from * ROW_PX}px` }} /></tr>}
          {shown.map((unit, i) => <Row key={unit.unit_id} unit={unit} index={from + i + 2} now={now} nowMs={nowMs} />)}
          {below > 0 && <tr class="spare" aria-hidden="true"><td colSpan={COLUMNS.length} style={{ height: `${below * ROW_PX}px` }} /></tr>}
        </tbody>
      </table>
      {units.length === 0 && now.known && <p class="table-note dim">{w.noDevices}</p>}
    </div>
  );
}

function Head({ column, order }: { column: Column; order: Order }) {
  const w = useWords();
  const chosen = order.column === column;
  const next = chosen && !order.down ? `-${column}` : column;
  return (
    <th scope="col" class={RIGHT.has(column) ? "right-cell" : ""} aria-sort={chosen ? (order.down ? "descending" : "ascending") : undefined}>
      <button type="button" class="sort" data-sort={column} onClick={() => setQuery({ sort: next })}>
        {w.deviceColumn[column]}<span aria-hidden="true" class="sort-mark">{chosen ? (order.down ? "▼" : "▲") : ""}</span>
      </button>
    </th>
  );
}

function Row({ unit, index, now, nowMs }: { unit: Unit; index: number; now: Picture; nowMs: number }) {
  const w = useWords();
  const incident = openIncidentOf(now, unit.unit_id);
  const state = stateOf(unit);
  const hidden = unseen(unit);
  const kind: ShapeKind = incident ? "alarm" : unit.online ? "online" : "offline";
  const court = now.courts.get(unit.court_id)?.name ?? unit.court_id;
  const cell = (column: Column, text: string, amber: boolean, more = "number"): preact.JSX.Element => (
    <td class={`${RIGHT.has(column) ? "right-cell" : ""} ${more} ${amber ? "amber" : ""}`}>{amber && <span aria-hidden="true">◆ </span>}{text}</td>
  );
  return (
    <tr aria-rowindex={index} class={incident ? "row-open" : unit.online ? "" : "row-ended"} data-unit={unit.unit_id} onClick={openRow}>
      <td>
        <span class="state-cell">
          <Shape kind={kind} />{incident ? w.inIncident : w.unitState[state]}
          {unit.revoked && <em class="badge amber">{w.revoked}</em>}
        </span>
      </td>
      <td><Go page="units" id={unit.unit_id} data-row><bdi class="cut">{unit.unit_id}</bdi></Go></td>
      <td><bdi class="cut">{unit.officer ?? ""}</bdi></td>
      <td><bdi class="cut" title={court}>{districtCourt(court)}</bdi></td>
      <td><bdi class="cut dim">{unit.case_no ?? ""}</bdi></td>
      {cell("battery", unit.battery_pct === null ? "—" : `${unit.battery_pct}%${unit.charging ? ` ${w.charging}` : ""}`, isLowBattery(unit))}
      {cell("signal", unit.signal_dbm === null && !unit.network ? "—" : signal(unit.signal_dbm, unit.network, w), hasWeakSignal(unit))}
      {cell("storage", unit.storage_free_bytes === null ? "—" : bytes(unit.storage_free_bytes), storageIsLow(unit))}
      {cell("firmware", unit.firmware ?? "—", false)}
      {cell("seen", unit.seen_ms === null ? "—" : w.lastSeen(age(nowMs - unit.seen_ms)), false)}
      {cell("offset", unit.clock_offset_ms != null ? offset(unit.clock_offset_ms) : unit.firmware && unit.clock_offset_ms === null ? w.notSet : "—", clockIsOff(unit))}
      {cell("dropped", unit.dropped === undefined || unit.firmware === null ? "—" : String(unit.dropped), (unit.dropped ?? 0) > 0)}
      {hidden ? cell("recording", w.pictureState[hidden], true, "")
        : <td>{unit.recording === null || !unit.online ? <span class="dim">—</span> : unit.recording ? w.recordingOn : <span class="dim">{w.recordingOff}</span>}</td>}
      {cell("certificate", unit.certificate_ends_ms == null ? "—" : day(unit.certificate_ends_ms), certificateEndsSoon(unit, nowMs))}
    </tr>
  );
}
