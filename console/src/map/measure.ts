import Feature from "ol/Feature";
import { LineString, Point } from "ol/geom";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat, toLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { Fill, Stroke, Style, Text } from "ol/style";
import CircleStyle from "ol/style/Circle";
import type { Place } from "../datum";
import { lengthExact } from "../format";
import { geodesicM } from "../geodesic";
import { FONT, PALETTE } from "./palette";

const POINTS_MOST = 100;

/** Lengths in metres: of all that was clicked, and of the last piece (or the one under way to the pointer). */
export interface Measured {
  points: number;
  total_m: number;
  segment_m: number;
}

/** The measuring line: a click adds a point, the pointer shows what the next would be. */
export class Measure {
  readonly layer = new VectorLayer({ source: new VectorSource(), zIndex: 9, updateWhileInteracting: true });
  private points: Place[] = [];
  private pointer: Place | null = null;
  on = false;

  constructor(private readonly tell: (now: Measured | null) => void) {}

  begin(): void {
    this.on = true;
    this.draw();
  }

  end(): void {
    this.on = false;
    this.points = [];
    this.pointer = null;
    this.layer.getSource()?.clear(true);
    this.layer.changed();
    this.tell(null);
  }

  add(coordinate: number[]): void {
    if (this.points.length < POINTS_MOST) this.points.push(placeOf(coordinate));
    this.draw();
  }

  /** Take the last point back. */
  undo(): void {
    this.points.pop();
    this.draw();
  }

  /** Take the last point back if it is as near as this to the one before. */
  dropRepeated(within_m: number): void {
    const [before, last] = this.points.slice(-2);
    if (before && last && geodesicM(before, last) < within_m) this.undo();
  }

  point(coordinate: number[] | null): void {
    this.pointer = coordinate && placeOf(coordinate);
    if (this.points.length > 0) this.draw();
  }

  private draw(): void {
    const source = this.layer.getSource();
    if (!source) return;
    source.clear(true);
    const pieces = this.points.slice(1).map((point, i) => geodesicM(this.points[i] ?? point, point));
    const last = this.points.at(-1);
    const ahead_m = last && this.pointer ? geodesicM(last, this.pointer) : null;
    const clicked_m = pieces.reduce((sum, m) => sum + m, 0);
    if (this.points.length > 1) source.addFeature(line(this.points, false));
    if (last && this.pointer) source.addFeature(line([last, this.pointer], true));
    let upTo_m = 0;
    this.points.forEach((point, i) => {
      upTo_m += pieces[i - 1] ?? 0;
      source.addFeature(dot(point, i === 0 ? "" : lengthExact(upTo_m)));
    });
    source.changed();
    this.tell({ points: this.points.length, total_m: clicked_m + (ahead_m ?? 0), segment_m: ahead_m ?? pieces.at(-1) ?? 0 });
  }
}

function placeOf(coordinate: number[]): Place {
  const [lon = 0, lat = 0] = toLonLat(coordinate);
  return { lat, lon };
}

function line(points: Place[], ahead: boolean): Feature {
  const feature = new Feature(new LineString(points.map((point) => fromLonLat([point.lon, point.lat]))));
  feature.setStyle([
    new Style({ stroke: new Stroke({ color: `${PALETTE.halo}c0`, width: 4 }) }),
    new Style({ stroke: new Stroke({ color: PALETTE.strong, width: 1.8, ...(ahead ? { lineDash: [4, 5] } : {}) }) }),
  ]);
  return feature;
}

function dot(at: Place, label: string): Feature {
  const feature = new Feature(new Point(fromLonLat([at.lon, at.lat])));
  feature.setStyle(new Style({
    image: new CircleStyle({ radius: 4, fill: new Fill({ color: PALETTE.halo }), stroke: new Stroke({ color: PALETTE.strong, width: 1.8 }) }),
    text: new Text({
      text: label, font: `12px ${FONT}`, offsetY: -15, padding: [2, 5, 1, 5], fill: new Fill({ color: PALETTE.strong }),
      backgroundFill: new Fill({ color: `${PALETTE.halo}e6` }),
    }),
    zIndex: 2,
  }));
  return feature;
}
