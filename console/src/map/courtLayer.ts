import Feature from "ol/Feature";
import { Point } from "ol/geom";
import GeoJSON from "ol/format/GeoJSON";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat, get } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { Fill, Stroke, Style, Text } from "ol/style";
import type { Court } from "../model";
import { byPlace } from "./alarmLayer";
import { courtStyle } from "./courtStyle";
import { FONT, PALETTE } from "./palette";

const COUNTY_NAMES_BELOW_M_PX = 400;

/** The counties of the shipped outlines, or of the file that the site has set. */
export function makeOutlines(): VectorLayer {
  const land = new Style({ fill: new Fill({ color: PALETTE.land }), stroke: new Stroke({ color: PALETTE.county, width: 1 }) });
  const label = new Text({ font: `11px ${FONT}`, fill: new Fill({ color: PALETTE.countyName }) });
  const named = new Style({ text: label });
  const source = new VectorSource({ url: "/map/outlines.geojson", format: new GeoJSON() });
  const projection = get("EPSG:3857");
  if (projection) source.loadFeatures([-Infinity, -Infinity, Infinity, Infinity], 1, projection); // now, not when first drawn
  return new VectorLayer({
    source,
    declutter: true, zIndex: 1,
    style: (feature, resolution) => {
      if (resolution > COUNTY_NAMES_BELOW_M_PX) return land;
      label.setText(String(feature.get("name") ?? ""));
      return [land, named];
    },
  });
}

export function makeCourtLayer(source: VectorSource<Feature<Point>>): VectorLayer {
  return new VectorLayer({
    source, declutter: true, zIndex: 2,
    style: (feature, resolution) => courtStyle(feature.get("court") as Court, feature.get("together") as Court[], resolution),
  });
}

export function drawCourts(source: VectorSource<Feature<Point>>, courts: Iterable<Court>): void {
  source.clear(true);
  source.addFeatures(byPlace(courts).flatMap((together) => together.map((court, i) => {
    const feature = new Feature(new Point(fromLonLat([court.lon, court.lat])));
    feature.setProperties({ court, together: i === 0 ? together : [] });
    return feature;
  })));
}
