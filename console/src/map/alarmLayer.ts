import Feature from "ol/Feature";
import { LineString, Point } from "ol/geom";
import { circular } from "ol/geom/Polygon";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { Fill, RegularShape, Stroke, Style, Text } from "ol/style";
import CircleStyle from "ol/style/Circle";
import { distance, districtCourt, eta } from "../format";
import { words } from "../i18n";
import type { Picture } from "../live/picture";
import { type Candidate, type Fix, type Incident, isOpen, isTest, officerOf } from "../model";
import { FONT, PALETTE } from "./palette";

const LINES_SHOWN = 3;
/** With more alarms, the names of those that are acknowledged may give way to others; the marks never do. */
const NAMES_FOR_ALL = 8;

/** Alarms, their circles and the lines to courts: above everything, never left out for want of room. */
export function makeAlarmLayer(): VectorLayer<VectorSource> {
  return new VectorLayer({ source: new VectorSource(), zIndex: 10, declutter: "alarms", updateWhileAnimating: true, updateWhileInteracting: true });
}

/** Where an alarm is drawn: the newest position, else the officer's own court, marked as unknown. */
export function alarmAt(incident: Incident, of: Picture): { lat: number; lon: number; fix: Fix | null } | null {
  const fix = of.units.get(incident.unit_id)?.fix ?? incident.fix;
  if (fix) return { lat: fix.lat, lon: fix.lon, fix };
  const own = incident.court_id ?? "";
  const court = of.courts.get(own) ?? incident.candidates.find((candidate) => candidate.court_id === own);
  return court ? { lat: court.lat, lon: court.lon, fix: null } : null;
}

/** The courts a line is drawn to: the first of the frozen ranking, and every court that was asked. */
export function drawnCandidates(incident: Incident): Candidate[] {
  return incident.candidates.filter((candidate, i) => i < LINES_SHOWN || candidate.offer !== null);
}

/** Changes when, and only when, the layer would be drawn otherwise. */
export function alarmsLookLike(of: Picture, chosenId: string | null): string {
  const parts: unknown[] = [words().language, chosenId];
  for (const incident of of.incidents.values()) {
    if (!isOpen(incident)) continue;
    const at = alarmAt(incident, of);
    parts.push(incident.incident_id, incident.version, at?.lat, at?.lon, at?.fix?.accuracy_m);
  }
  return JSON.stringify(parts);
}

export function drawAlarms(source: VectorSource, of: Picture, chosenId: string | null): void {
  const features: Feature[] = [];
  const chosen = chosenId === null ? undefined : of.incidents.get(chosenId);
  if (chosen && isOpen(chosen)) features.push(...lines(chosen, of));
  const open = [...of.incidents.values()].filter(isOpen);
  const many = open.length > NAMES_FOR_ALL;
  for (const incident of open) features.push(...mark(incident, of, incident === chosen, many));
  source.clear(true);
  source.addFeatures(features);
}

function mark(incident: Incident, of: Picture, chosen: boolean, many: boolean): Feature[] {
  const at = alarmAt(incident, of);
  if (!at) return [];
  const features: Feature[] = [];
  const colour = isTest(incident) ? PALETTE.test : PALETTE.alarm;
  if (at.fix?.accuracy_m) features.push(circle(at.fix, colour));
  const point = new Feature(new Point(fromLonLat([at.lon, at.lat])));
  point.set("pick", { what: "incident", id: incident.incident_id });
  const known = at.fix !== null;
  const triangle = new RegularShape({
    points: 3, radius: chosen ? 15 : 13, displacement: [0, 2], declutterMode: "none",
    fill: new Fill({ color: !known ? PALETTE.halo : isTest(incident) ? PALETTE.testFill : PALETTE.alarmFill }),
    stroke: new Stroke({ color: known ? PALETTE.onAlarm : colour, width: 2, ...(known ? {} : { lineDash: [3, 3] }) }),
  });
  const name = known ? officerOf(incident) : `${officerOf(incident)} · ${words().positionUnknown}`;
  point.setStyle([
    new Style({ image: new CircleStyle({ radius: 21, declutterMode: "none", stroke: new Stroke({ color: colour, width: incident.centre.acknowledged_ms === null ? 3 : 1.5 }) }), zIndex: 100 }),
    new Style({ image: triangle, zIndex: 101, text: new Text({ text: "!", declutterMode: "none", font: `bold 13px ${FONT}`, offsetY: 1, fill: new Fill({ color: PALETTE.onAlarm }) }) }),
    new Style({
      zIndex: 102,
      text: new Text({
        declutterMode: many && !chosen ? "declutter" : "none",
        text: cut(name, 18), font: `600 13px ${FONT}`, offsetY: -36, padding: [3, 7, 2, 7], fill: new Fill({ color: PALETTE.onAlarm }),
        backgroundFill: new Fill({ color: isTest(incident) ? PALETTE.testFill : PALETTE.alarmFill }),
        backgroundStroke: new Stroke({ color: chosen ? PALETTE.strong : "#00000000", width: 1 }),
      }),
    }),
  ]);
  features.push(point);
  return features;
}

export function circle(fix: Fix, colour: string): Feature {
  const shape = circular([fix.lon, fix.lat], fix.accuracy_m ?? 0, 48).transform("EPSG:4326", "EPSG:3857");
  const feature = new Feature(shape);
  feature.setStyle(new Style({ fill: new Fill({ color: `${colour}22` }), stroke: new Stroke({ color: `${colour}99`, width: 1 }), zIndex: 1 }));
  return feature;
}

/** Lines start where the ranking was made: at the alarm's own position, not at the newest one. Courts in the same
    place have one line and one label, or the upper would hide the lower. */
function lines(incident: Incident, of: Picture): Feature[] {
  const from = incident.fix ?? alarmAt(incident, of);
  if (!from) return [];
  const start = fromLonLat([from.lon, from.lat]);
  return byPlace(drawnCandidates(incident)).flatMap((together) => {
    const [first] = together;
    const end = fromLonLat([first.lon, first.lat]);
    const owner = together.some((candidate) => candidate.court_id === incident.owner_court_id);
    const out = together.every((candidate) => candidate.offer === "declined") || (incident.owner_court_id !== null && !owner);
    const line = new Feature(new LineString([start, end]));
    line.setStyle(new Style({
      stroke: new Stroke({ color: out ? `${PALETTE.line}44` : PALETTE.line, width: owner ? 2.5 : 1.5, ...(owner ? {} : { lineDash: [7, 6] }) }),
      zIndex: 10,
    }));
    const label = new Feature(new Point(end));
    label.setStyle(new Style({
      zIndex: 20 - first.rank,
      text: new Text({
        declutterMode: "none",
        text: together.map((candidate) => labelOf(candidate, incident, together.length > 1)).join("\n"),
        font: `12px ${FONT}`, textBaseline: "bottom", offsetY: -10, padding: [3, 6, 2, 6], fill: new Fill({ color: out ? PALETTE.labelOut : PALETTE.strong }),
        backgroundFill: new Fill({ color: `${PALETTE.halo}e6` }), backgroundStroke: new Stroke({ color: owner ? PALETTE.strong : PALETTE.labelEdge, width: 1 }),
      }),
    }));
    return [line, label];
  });
}

function labelOf(candidate: Candidate, incident: Incident, named: boolean): string {
  const owner = candidate.court_id === incident.owner_court_id;
  const name = named ? ` ${cut(districtCourt(candidate.name), 8)}` : "";
  return `${candidate.rank}${name} · ${distance(candidate.distance_m)} · ${eta(owner ? (incident.eta_s ?? candidate.eta_s) : candidate.eta_s)}`;
}

/** Things in the same place (to about a metre), together; in the order in which they came. */
export function byPlace<T extends { lat: number; lon: number }>(things: Iterable<T>): [T, ...T[]][] {
  const found = new Map<string, [T, ...T[]]>();
  for (const thing of things) {
    const key = `${thing.lat.toFixed(5)}/${thing.lon.toFixed(5)}`;
    const there = found.get(key);
    if (there) there.push(thing);
    else found.set(key, [thing]);
  }
  return [...found.values()];
}

export function cut(text: string, length: number): string {
  const chars = [...text];
  return chars.length > length ? `${chars.slice(0, length - 1).join("")}…` : text;
}
