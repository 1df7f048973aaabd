import Feature from "ol/Feature";
import OlMap from "ol/Map";
import View from "ol/View";
import ScaleLine from "ol/control/ScaleLine";
import { boundingExtent, containsCoordinate } from "ol/extent";
import type { Point } from "ol/geom";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import type { Court, Fix, Unit } from "../model";
import { BaseMaps } from "./baseMaps";
import { drawCourts, makeCourtLayer, makeOutlines } from "./courtLayer";
import { Track } from "./track";
import { UnitLayer } from "./unitLayer";

const START = { center: fromLonLat([118.1, 26.1]), zoom: 7.4 };
const FIT = { padding: [40, 50, 40, 40], maxZoom: 15 };

/** Where one unit was at a moment, and its way to there. */
export class PlaceMap {
  private readonly map: OlMap;
  private readonly units = new UnitLayer();
  private readonly courts = new VectorSource<Feature<Point>>();
  private readonly way = new VectorSource();
  private readonly track = new Track();
  readonly baseMaps: BaseMaps;

  constructor(private readonly target: HTMLElement, private readonly fixes: readonly Fix[], courts: ReadonlyMap<string, Court>) {
    this.map = new OlMap({
      target,
      controls: [new ScaleLine({ minWidth: 60 })],
      view: new View({ ...START, minZoom: 4, maxZoom: 18, enableRotation: false }),
      layers: [makeOutlines(), makeCourtLayer(this.courts), new VectorLayer({ source: this.way, zIndex: 3 }), this.units],
    });
    this.baseMaps = new BaseMaps(this.map, () => undefined);
    drawCourts(this.courts, courts.values());
    this.fit();
  }

  /** The whole way in sight. */
  fit(): void {
    const points = this.fixes.map(({ lat, lon }) => fromLonLat([lon, lat]));
    if (points.length > 0) this.map.getView().fit(boundingExtent(points), FIT);
  }

  /** The unit at its last position by then; nothing is made up between two of them. */
  show(of: Unit, utcMs: number | null): Fix | null {
    const past = utcMs === null ? [] : this.fixes.filter((fix) => fix.at_ms <= utcMs);
    const fix = past.at(-1) ?? null;
    this.units.show(fix && utcMs !== null ? new Map([[of.unit_id, { ...of, fix }]]) : new Map(), new Set(), null, utcMs ?? 0);
    this.track.follow(of.unit_id);
    this.track.begin(of.unit_id, past);
    this.track.draw(this.way, utcMs ?? 0);
    if (fix) {
      const at = fromLonLat([fix.lon, fix.lat]);
      const view = this.map.getView();
      if (!containsCoordinate(view.calculateExtent(this.map.getSize()), at)) view.setCenter(at);
    }
    this.target.dataset["place"] = fix ? `${fix.lat.toFixed(5)},${fix.lon.toFixed(5)}` : "";
    return fix;
  }

  zoom(by: number): void {
    const view = this.map.getView();
    view.animate({ zoom: (view.getZoom() ?? START.zoom) + by, duration: 150 });
  }

  close(): void {
    this.baseMaps.clear();
    this.map.setTarget(undefined);
    this.map.dispose();
  }
}
