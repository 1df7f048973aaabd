import type { FeatureLike } from "ol/Feature";
import { Fill, Stroke, Style, Text } from "ol/style";
import { FONT, PALETTE } from "./palette";

const NAMES_MOST = 24;

/**
 * Draws vector tiles quietly, by the names that the two usual schemas (Protomaps, OpenMapTiles) give their layers;
 * a layer with another name is left out, as are its features, which nobody could tell apart.
 */
export function vectorTileStyle(lang: "zh" | "en"): (feature: FeatureLike) => Style | undefined {
  const filled = (color: string): Style => new Style({ fill: new Fill({ color }) });
  const line = (color: string, width: number, zIndex: number, lineDash?: number[]): Style =>
    new Style({ stroke: new Stroke({ color, width, ...(lineDash ? { lineDash } : {}) }), zIndex });
  const [water, green, building] = [filled(PALETTE.water), filled(PALETTE.green), filled(PALETTE.building)];
  const [stream, border] = [line(PALETTE.stream, 1, 0), line(PALETTE.county, 1, 1, [5, 4])];
  const roads: [RegExp, Style][] = [
    [/motorway|highway|trunk/, line(PALETTE.roadMain, 2.4, 3)],
    [/primary|secondary|major|medium/, line(PALETTE.road, 1.6, 2)],
    [/rail/, line(PALETTE.road, 1, 1, [6, 4])],
    [/(?:)/, line(PALETTE.roadSmall, 1, 1)],
  ];
  const name = new Text({ font: `11px ${FONT}`, fill: new Fill({ color: PALETTE.countyName }), stroke: new Stroke({ color: PALETTE.halo, width: 2 }) });
  const named = new Style({ text: name });

  return (feature) => {
    const layer = String(feature.get("layer") ?? "");
    const kind = String(feature.get("class") ?? feature.get("kind") ?? "");
    const shape = feature.getGeometry()?.getType() ?? "";
    if (shape.endsWith("Point")) {
      const text = /place|poi/.test(layer) ? (feature.get(`name:${lang}`) ?? feature.get("name")) : null;
      if (!text) return undefined;
      name.setText([...String(text)].slice(0, NAMES_MOST).join(""));
      return named;
    }
    if (/water/.test(layer)) return shape.endsWith("Polygon") ? water : stream;
    if (/transport|road/.test(layer)) return roads.find(([is]) => is.test(kind))?.[1];
    if (/boundar/.test(layer)) return border;
    if (/building/.test(layer)) return building;
    if (/land|natural|park/.test(layer)) return /park|wood|forest|grass|nature/.test(kind) ? green : undefined;
    return undefined;
  };
}
