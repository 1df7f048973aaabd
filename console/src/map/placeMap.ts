import Feature from "ol/Feature";
import { boundingExtent, containsCoordinate } from "ol/extent";
import type { Point } from "ol/geom";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import type { Court, Fix, Unit } from "../model";
import { Chart } from "./chart";
import { drawCourts, makeCourtLayer, makeOutlines } from "./courtLayer";
import { Track } from "./track";
import { UnitLayer } from "./unitLayer";

const FIT = { padding: [40, 50, 40, 40], maxZoom: 15 };

/** Where one unit was at a moment, and its way to there. */
export class PlaceMap extends Chart {
  private readonly units = new UnitLayer();
  private readonly courts = new VectorSource<Feature<Point>>();
  private readonly way = new VectorSource();
  private readonly track = new Track();

  constructor(private readonly target: HTMLElement, private readonly fixes: readonly Fix[], courts: ReadonlyMap<string, Court>) {
    super(target, 60);
    this.map.setLayers([makeOutlines(), makeCourtLayer(this.courts), new VectorLayer({ source: this.way, zIndex: 3 }), this.units]);
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
}
