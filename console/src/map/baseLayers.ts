import type BaseLayer from "ol/layer/Base";
import MVT from "ol/format/MVT";
import TileLayer from "ol/layer/Tile";
import VectorTileLayer from "ol/layer/VectorTile";
import type Projection from "ol/proj/Projection";
import type RenderFeature from "ol/render/Feature";
import ImageTile from "ol/source/ImageTile";
import VectorTileSource from "ol/source/VectorTile";
import { createXYZ, extentFromProjection } from "ol/tilegrid";
import TileState from "ol/TileState";
import type VectorTile from "ol/VectorTile";
import { PMTiles, TileType } from "pmtiles";
import type { MapLayer } from "../model";
import { AGAIN_MS } from "./baseMaps";
import { gcj02Projection } from "./gcj02";
import { darkened } from "./nightTile";
import { vectorTileStyle } from "./vectorTileStyle";

/** What a layer says of itself: null when it draws, else the reason why it does not. */
export type Tell = (problem: string | null) => void;

export interface Look {
  night: boolean;
  lang: "zh" | "en";
}

const TILE_WITHIN_MS = 12_000;
const VECTOR_TILE_PX = 512;
/** Where the layer has nothing. */
const NO_TILE = Object.assign(document.createElement("canvas"), { width: 256, height: 256 });

type Loader = (z: number, x: number, y: number, options: { signal: AbortSignal }) => Promise<Blob | null>;

/** One layer as the gateway describes it. Its tiles come from the gateway alone. `end` stops what it still does. */
export async function makeBaseLayer(
  of: MapLayer, zIndex: number, look: Look, tell: Tell,
): Promise<{ layer: BaseLayer; end: () => void }> {
  const projection = of.datum === "gcj02" ? gcj02Projection() : undefined;
  if (of.kind === "xyz") return raster(of, zIndex, look, tell, projection, xyzLoader(of.url));
  const archive = new PMTiles(new URL(of.url, location.href).href);
  const header = await archive.getHeader();
  const range = { ...of, min_zoom: Math.max(of.min_zoom, header.minZoom), max_zoom: Math.min(of.max_zoom, header.maxZoom) };
  if (header.tileType === TileType.Mvt) return vector(range, zIndex, look, tell, projection, archive);
  return raster(range, zIndex, look, tell, projection, async (z, x, y, { signal }) => {
    const tile = await archive.getZxy(z, x, y, signal);
    return tile ? new Blob([tile.data]) : null;
  });
}

function xyzLoader(template: string): Loader {
  return async (z, x, y, { signal }) => {
    const url = template.replace("{z}", String(z)).replace("{x}", String(x)).replace("{y}", String(y));
    const answer = await fetch(url, { credentials: "same-origin", signal: AbortSignal.any([signal, AbortSignal.timeout(TILE_WITHIN_MS)]) });
    if (answer.status === 204 || answer.status === 404) return null;
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.blob();
  };
}

function raster(
  of: MapLayer, zIndex: number, look: Look, tell: Tell, projection: Projection | undefined, load: Loader,
): { layer: BaseLayer; end: () => void } {
  let again: ReturnType<typeof setTimeout> | undefined;
  const source = new ImageTile({
    minZoom: of.min_zoom, maxZoom: of.max_zoom, transition: 0, ...(projection ? { projection } : {}),
    loader: async (z, x, y, options) => {
      try {
        const blob = await load(z, x, y, options);
        tell(null);
        if (!blob) return NO_TILE;
        const tile = await createImageBitmap(blob);
        return look.night ? darkened(tile) : tile;
      } catch (error) {
        if (options.signal.aborted) throw error;
        tell(error instanceof Error ? error.message : String(error));
        again ??= setTimeout(() => {
          again = undefined;
          source.refresh();
        }, AGAIN_MS);
        throw error;
      }
    },
  });
  return { layer: new TileLayer({ source, zIndex, minZoom: of.min_zoom - 1 }), end: () => clearTimeout(again) };
}

function vector(
  of: MapLayer, zIndex: number, look: Look, tell: Tell, projection: Projection | undefined, archive: PMTiles,
): { layer: BaseLayer; end: () => void } {
  const format = new MVT();
  const source = new VectorTileSource<RenderFeature>({
    format, url: "{z}/{x}/{y}", ...(projection ? { projection } : {}),
    tileGrid: createXYZ({ extent: extentFromProjection(projection ?? "EPSG:3857"), minZoom: of.min_zoom, maxZoom: of.max_zoom, tileSize: VECTOR_TILE_PX }),
    tileLoadFunction: (loading, url) => {
      const tile = loading as VectorTile<RenderFeature>;
      const [z = 0, x = 0, y = 0] = url.split("/").map(Number);
      tile.setLoader((extent, _resolution, featureProjection) => {
        archive.getZxy(z, x, y).then((found) => {
          tell(null);
          tile.setFeatures(found ? format.readFeatures(found.data, { extent, featureProjection }) : []);
        }).catch((error: unknown) => {
          tell(String(error));
          tile.setState(TileState.ERROR);
        });
      });
    },
  });
  const layer = new VectorTileLayer({
    source, zIndex, declutter: true, minZoom: of.min_zoom - 1, style: vectorTileStyle(look.lang),
  });
  return { layer, end: () => undefined };
}
