import type { Place } from "./datum";

const A_M = 6_378_137;
const F = 1 / 298.257_223_563;
const B_M = A_M * (1 - F);
const MEAN_RADIUS_M = 6_371_008.8;
const STEPS_MAX = 50;
const CLOSE_ENOUGH_RAD = 1e-12;
const DEG = Math.PI / 180;

/**
 * The length of the geodesic on WGS-84 in metres: Vincenty's inverse (Survey Review 1975), exact to a millimetre.
 * It does not converge for places on opposite sides of the Earth; there the sphere's length stands in.
 */
export function geodesicM(from: Place, to: Place): number {
  const { sin, cos, tan, atan, atan2, sqrt } = Math;
  const lonOff = (to.lon - from.lon) * DEG;
  const u1 = atan((1 - F) * tan(from.lat * DEG));
  const u2 = atan((1 - F) * tan(to.lat * DEG));
  const [sin1, cos1, sin2, cos2] = [sin(u1), cos(u1), sin(u2), cos(u2)];
  let lambda = lonOff;
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const sinSigma = sqrt((cos2 * sin(lambda)) ** 2 + (cos1 * sin2 - sin1 * cos2 * cos(lambda)) ** 2);
    if (sinSigma === 0) return 0;
    const cosSigma = sin1 * sin2 + cos1 * cos2 * cos(lambda);
    const sigma = atan2(sinSigma, cosSigma);
    const sinAlpha = (cos1 * cos2 * sin(lambda)) / sinSigma;
    const cosAlpha2 = 1 - sinAlpha ** 2;
    const cosMid = cosAlpha2 === 0 ? 0 : cosSigma - (2 * sin1 * sin2) / cosAlpha2;
    const c = (F / 16) * cosAlpha2 * (4 + F * (4 - 3 * cosAlpha2));
    const before = lambda;
    lambda = lonOff + (1 - c) * F * sinAlpha *
      (sigma + c * sinSigma * (cosMid + c * cosSigma * (2 * cosMid ** 2 - 1)));
    if (Math.abs(lambda - before) > CLOSE_ENOUGH_RAD) continue;
    const squash = (cosAlpha2 * (A_M ** 2 - B_M ** 2)) / B_M ** 2;
    const a = 1 + (squash / 16384) * (4096 + squash * (squash * (320 - 175 * squash) - 768));
    const b = (squash / 1024) * (256 + squash * (squash * (74 - 47 * squash) - 128));
    const off = b * sinSigma * (cosMid + (b / 4) * (cosSigma * (2 * cosMid ** 2 - 1) -
      (b / 6) * cosMid * (4 * sinSigma ** 2 - 3) * (4 * cosMid ** 2 - 3)));
    return B_M * a * (sigma - off);
  }
  return sphereM(from, to);
}

function sphereM(from: Place, to: Place): number {
  const half = (degrees: number): number => Math.sin((degrees * DEG) / 2) ** 2;
  const h = half(to.lat - from.lat) + Math.cos(from.lat * DEG) * Math.cos(to.lat * DEG) * half(to.lon - from.lon);
  return 2 * MEAN_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}
