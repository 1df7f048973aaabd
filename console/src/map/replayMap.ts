import Feature from "ol/Feature";
import { boundingExtent } from "ol/extent";
import type { Point } from "ol/geom";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import type { Picture } from "../live/picture";
import { type Court, type Incident, isOpen, type Replay } from "../model";
import { drawAlarms, drawnCandidates, makeAlarmLayer } from "./alarmLayer";
import { Chart } from "./chart";
import { drawCourts, makeCourtLayer, makeOutlines } from "./courtLayer";
import { fixOf, pictureAt } from "./past";
import { Track } from "./track";
import { UnitLayer } from "./unitLayer";

const FIT = { padding: [96, 90, 50, 90], maxZoom: 15 };

/** The map of the desk, of a moment that has passed: drawn by the same layers. */
export class ReplayMap extends Chart {
  private readonly units = new UnitLayer();
  private readonly courts = new VectorSource<Feature<Point>>();
  private readonly alarms = makeAlarmLayer();
  private readonly ways: { way: VectorSource; track: Track; of: Replay["units"][number] }[];

  constructor(private readonly target: HTMLElement, private readonly replay: Replay, private readonly incident: Incident,
    private readonly known: ReadonlyMap<string, Court>) {
    super(target, 80);
    this.ways = replay.units.filter((unit) => unit.member).map((of) => ({ of, way: new VectorSource(), track: new Track() }));
    this.map.setLayers([
      makeOutlines(), makeCourtLayer(this.courts),
      ...this.ways.map(({ way }) => new VectorLayer({ source: way, zIndex: 3 })),
      this.units, this.alarms,
    ]);
    drawCourts(this.courts, known.values());
    this.fit();
  }

  /** The way of the officers and the courts that might have gone, all in sight. */
  fit(): void {
    const fixes = this.ways.flatMap(({ of }) => of.fixes.map(([, lat, lon]) => [lon, lat]));
    const own = this.incident.fix ? [[this.incident.fix.lon, this.incident.fix.lat]] : [];
    const courts = drawnCandidates(this.incident).slice(0, 3).map(({ lat, lon }) => [lon, lat]);
    const points = [...fixes, ...own, ...courts].map((at) => fromLonLat(at));
    if (points.length > 0) this.map.getView().fit(boundingExtent(points), FIT);
  }

  /** Draw a moment; what was known then. */
  show(atMs: number): Picture {
    const then = pictureAt(this.replay, this.incident, this.known, atMs);
    const own = then.incidents.get(this.incident.incident_id);
    const source = this.alarms.getSource();
    if (source) drawAlarms(source, then, this.incident.incident_id);
    this.units.show(then.units, new Set(own && isOpen(own) ? [this.incident.unit_id] : []), null, atMs);
    for (const { of, way, track } of this.ways) {
      track.follow(of.unit_id);
      track.begin(of.unit_id, of.fixes.filter(([fixMs]) => fixMs <= atMs).map(fixOf));
      track.draw(way, atMs);
    }
    this.target.dataset["units"] = String(then.units.size);
    return then;
  }
}
