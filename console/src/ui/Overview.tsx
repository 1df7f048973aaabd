import { type Area, areas } from "../desk/areas";
import { grouped, shortCourt } from "../format";
import { useWords } from "../i18n";
import { counts, type Picture } from "../live/picture";
import { areaFilter } from "../selection";
import { useStore } from "../stores";
import { Shape } from "./Shapes";

/** How each city stands; a row narrows the unit list to it and shows it on the map. */
export function Overview({ now, lost }: { now: Picture; lost: boolean }) {
  const w = useWords();
  const chosen = useStore(areaFilter);
  const rows = areas(now);
  const all = counts(now);
  const shown = (n: number): string => (lost ? w.unknownCount : grouped(n));
  return (
    <section class="overview" aria-labelledby="overview-title">
      <h3 id="overview-title">{w.desk.overview}</h3>
      <table>
        <thead>
          <tr><th scope="col">{w.desk.area}</th><th scope="col">{w.desk.areaUnits}</th><th scope="col">{w.desk.areaAlarms}</th><th scope="col">{w.desk.areaDuty}</th></tr>
        </thead>
        <tbody>
          {rows.map((area) => <Row key={area.court.court_id} area={area} chosen={chosen === area.court.court_id} shown={shown} />)}
        </tbody>
        <tfoot>
          <tr data-area="all">
            <th scope="row">
              {chosen === null ? w.desk.allAreas : <button type="button" class="link" onClick={() => areaFilter.set(null)}>{w.desk.areaClear}</button>}
            </th>
            <td class="number"><b>{shown(all.online)}</b><span class="dim"> / {shown(all.online + all.offline)}</span></td>
            <td class={`number ${!lost && all.alarms ? "red" : ""}`}>{shown(all.alarms)}</td>
            <td class="number">{shown(all.courtsOnDuty)}<span class="dim"> / {shown(now.courts.size)}</span></td>
          </tr>
        </tfoot>
      </table>
    </section>
  );
}

function Row({ area, chosen, shown }: { area: Area; chosen: boolean; shown: (n: number) => string }) {
  const w = useWords();
  const name = shortCourt(area.court.name);
  const pct = Math.round((area.online / area.units) * 100);
  return (
    <tr data-area={area.court.court_id} class={chosen ? "chosen-row" : ""}>
      <th scope="row">
        <button type="button" class="area-name" aria-pressed={chosen} title={w.desk.areaFilter(name)}
          onClick={() => areaFilter.set(chosen ? null : area.court.court_id)}>
          <bdi class="cut">{name}</bdi>
        </button>
      </th>
      <td class="number">
        <b>{shown(area.online)}</b><span class="dim"> / {shown(area.units)}</span>
        {area.units > 0 && <svg class="share" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="3" class="share-all" /><rect width={pct} height="3" /></svg>}
      </td>
      <td class={`number ${area.alarms ? "red" : "dim"}`}>{area.alarms > 0 && <Shape kind="alarm" />} {shown(area.alarms)}</td>
      <td class={`number ${area.onDuty === 0 ? "amber" : ""}`}>
        {area.onDuty === 0 && <span aria-hidden="true">◆ </span>}{shown(area.onDuty)}<span class="dim"> / {shown(area.courts.length)}</span>
      </td>
    </tr>
  );
}
