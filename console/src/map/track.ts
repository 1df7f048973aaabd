import Feature from "ol/Feature";
import { LineString, Point } from "ol/geom";
import { fromLonLat } from "ol/proj";
import type VectorSource from "ol/source/Vector";
import { Fill, Stroke, Style } from "ol/style";
import CircleStyle from "ol/style/Circle";
import type { Fix } from "../model";
import { PALETTE } from "./palette";

export const TRACK_MS = 3_600_000;
/** At most this many positions are kept of the hour; the gateway gives at most 4,999. */
const FIXES_MOST = 4000;
/** A longer silence than this is a gap: nobody knows which way was taken. */
const GAP_MS = 120_000;
/** The line fades with age: [younger than ms, width px, opacity in hexadecimal]. */
const BANDS: readonly (readonly [number, number, string])[] = [
  [300_000, 3, "f0"], [900_000, 2.5, "b8"], [1_800_000, 2, "88"], [Infinity, 1.5, "58"],
];

/** The way of one unit in the last hour: what the gateway has stored, then each new position as it comes. */
export class Track {
  private fixes: Fix[] = [];
  unitId: string | null = null;

  /** Follow another unit, or none; the stored positions are given to `begin` when they are there. */
  follow(unitId: string | null): void {
    this.unitId = unitId;
    this.fixes = [];
  }

  /** `stored`: oldest first. What came live meanwhile stays. */
  begin(unitId: string, stored: readonly Fix[]): void {
    if (unitId !== this.unitId) return;
    const lastMs = stored.at(-1)?.at_ms ?? -Infinity;
    this.fixes = [...stored, ...this.fixes.filter((fix) => fix.at_ms > lastMs)].slice(-FIXES_MOST);
  }

  /** True when this position is new; a late or repeated one is not drawn backwards. */
  extend(fix: Fix): boolean {
    if (fix.at_ms <= (this.fixes.at(-1)?.at_ms ?? -Infinity)) return false;
    this.fixes.push(fix);
    if (this.fixes.length > FIXES_MOST) this.fixes.shift();
    return true;
  }

  get length(): number {
    return this.fixes.length;
  }

  draw(source: VectorSource, nowMs: number): void {
    source.clear(true);
    const shown = this.fixes.filter((fix) => nowMs - fix.at_ms <= TRACK_MS);
    const features: Feature[] = [];
    let [line, band]: [number[][], number] = [[], -1];
    const finish = (): void => {
      if (line.length > 1) features.push(solid(line, band));
      line = [];
    };
    shown.forEach((fix, i) => {
      const at = fromLonLat([fix.lon, fix.lat]);
      const before = shown[i - 1];
      const bandNow = BANDS.findIndex(([limitMs]) => nowMs - fix.at_ms < limitMs);
      if (before && fix.at_ms - before.at_ms > GAP_MS) {
        finish();
        features.push(gap(fromLonLat([before.lon, before.lat]), at));
      } else if (bandNow !== band && line.length > 0) {
        const last = line.at(-1);
        finish();
        if (last) line.push(last);
      }
      band = bandNow;
      line.push(at);
    });
    finish();
    const first = shown[0];
    if (first && shown.length > 1) features.push(beginning(fromLonLat([first.lon, first.lat])));
    source.addFeatures(features);
    source.changed();
  }
}

function solid(line: number[][], band: number): Feature {
  const [, width, opacity] = BANDS[band] ?? [0, 1.5, "58"];
  const feature = new Feature(new LineString(line));
  feature.setStyle([
    new Style({ stroke: new Stroke({ color: `${PALETTE.halo}b0`, width: width + 2 }), zIndex: 0 }),
    new Style({ stroke: new Stroke({ color: `${PALETTE.track}${opacity}`, width }), zIndex: 1 }),
  ]);
  return feature;
}

function gap(from: number[], to: number[]): Feature {
  const feature = new Feature(new LineString([from, to]));
  feature.setStyle(new Style({ stroke: new Stroke({ color: `${PALETTE.track}80`, width: 1, lineDash: [2, 5] }), zIndex: 1 }));
  return feature;
}

function beginning(at: number[]): Feature {
  const feature = new Feature(new Point(at));
  feature.setStyle(new Style({
    image: new CircleStyle({ radius: 3, stroke: new Stroke({ color: PALETTE.track, width: 1.5 }), fill: new Fill({ color: PALETTE.halo }) }), zIndex: 2,
  }));
  return feature;
}
