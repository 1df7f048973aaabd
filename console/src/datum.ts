/**
 * Positions in the datums of Chinese maps: inside everything is WGS-84, and only what an operator reads or a foreign
 * map layer needs is shifted. Degrees in, degrees out. The same formulas as gateway/dispatch/datum.py, and a test
 * that holds the two together: GCJ-02 (AMap, Tencent) is up to 700 m beside WGS-84 inside China, BD-09 (Baidu) shifts
 * GCJ-02 once more, and both are undone by iteration, because the usual single step errs by up to 4 m.
 */
export type Datum = "wgs84" | "gcj02" | "bd09";

export interface Place {
  lat: number;
  lon: number;
}

/** What people call them, in every language. */
export const DATUM_NAMES: Record<Datum, string> = { wgs84: "WGS-84", gcj02: "GCJ-02", bd09: "BD-09" };

const { PI, sin, cos, sqrt, abs, hypot, atan2 } = Math;
const A_M = 6_378_245;
const E2 = 0.006_693_421_622_965_943;
const BD_TURN = (PI * 3000) / 180;
const BD_LAT = 0.006;
const BD_LON = 0.0065;
const STEPS_MAX = 20;
const CLOSE_ENOUGH_DEG = 1e-13;
const DEG = PI / 180;

/** Whether GCJ-02 differs from WGS-84 here: the rectangle that the services use. */
export function inChina({ lat, lon }: Place): boolean {
  return lat >= 0.8293 && lat <= 55.8271 && lon >= 72.004 && lon <= 137.8347;
}

/** A WGS-84 position in the datum that is asked for; outside China all three are the same. */
export function toDatum(datum: Datum, at: Place): Place {
  if (datum === "wgs84" || !inChina(at)) return at;
  const gcj02 = wgs84ToGcj02(at);
  return datum === "gcj02" ? gcj02 : gcj02ToBd09(gcj02);
}

/** The WGS-84 position of one that was read in this datum. */
export function fromDatum(datum: Datum, at: Place): Place {
  if (datum === "wgs84" || !inChina(at)) return at;
  return gcj02ToWgs84(datum === "gcj02" ? at : inverse(gcj02ToBd09, at));
}

export function wgs84ToGcj02(at: Place): Place {
  if (!inChina(at)) return at;
  const { lat, lon } = at;
  const x = lon - 105;
  const y = lat - 35;
  const waves = 20 * sin(6 * x * PI) + 20 * sin(2 * x * PI);
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x));
  north += ((waves + 20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3;
  north += ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3;
  let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x));
  east += ((waves + 20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3;
  east += ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3;
  const phi = lat * DEG;
  const w2 = 1 - E2 * sin(phi) ** 2;
  const meridianM = (A_M * (1 - E2)) / (w2 * sqrt(w2));
  const parallelM = (A_M / sqrt(w2)) * cos(phi);
  return { lat: lat + north / meridianM / DEG, lon: lon + east / parallelM / DEG };
}

export function gcj02ToWgs84(at: Place): Place {
  return inChina(at) ? inverse(wgs84ToGcj02, at) : at;
}

function gcj02ToBd09({ lat, lon }: Place): Place {
  const radius = hypot(lon, lat) + 0.00002 * sin(lat * BD_TURN);
  const turn = atan2(lat, lon) + 0.000003 * cos(lon * BD_TURN);
  return { lat: radius * sin(turn) + BD_LAT, lon: radius * cos(turn) + BD_LON };
}

function inverse(forward: (at: Place) => Place, at: Place): Place {
  let guess = at;
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const there = forward(guess);
    const offLat = at.lat - there.lat;
    const offLon = at.lon - there.lon;
    guess = { lat: guess.lat + offLat, lon: guess.lon + offLon };
    if (abs(offLat) < CLOSE_ENOUGH_DEG && abs(offLon) < CLOSE_ENOUGH_DEG) break;
  }
  return guess;
}
