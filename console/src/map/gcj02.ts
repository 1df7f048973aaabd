import { addCoordinateTransforms, addProjection, fromLonLat, get, toLonLat } from "ol/proj";
import Projection from "ol/proj/Projection";
import { gcj02ToWgs84, wgs84ToGcj02 } from "../datum";

const CODE = "GCJ02:3857";

/**
 * Web Mercator over GCJ-02, the projection of the tiles of AMap and the like. The map itself stays in WGS-84: a layer
 * with this projection is moved into place as it is drawn, and nothing else ever meets the shifted coordinates.
 */
export function gcj02Projection(): Projection {
  const known = get(CODE);
  if (known) return known;
  const extent = get("EPSG:3857")?.getExtent();
  const made = new Projection({ code: CODE, units: "m", global: true, ...(extent ? { extent } : {}) });
  addProjection(made);
  addCoordinateTransforms(made, "EPSG:3857", (at) => moved(at, gcj02ToWgs84), (at) => moved(at, wgs84ToGcj02));
  return made;
}

function moved(at: number[], shift: typeof gcj02ToWgs84): number[] {
  const [lon = 0, lat = 0] = toLonLat(at);
  const there = shift({ lat, lon });
  return fromLonLat([there.lon, there.lat]);
}
