import Feature from "ol/Feature";
import type MapBrowserEvent from "ol/MapBrowserEvent";
import { boundingExtent, containsCoordinate, extend, type Extent, isEmpty } from "ol/extent";
import { Point } from "ol/geom";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat, toLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { Fill, Style, Text } from "ol/style";
import type { Place } from "../datum";
import { type Picture, serverNowMs } from "../live/picture";
import { type Court, type Incident, isOpen, isTest, officerOf, type Fix } from "../model";
import type { Selection } from "../selection";
import { alarmAt, alarmsLookLike, circle, drawAlarms, drawnCandidates, makeAlarmLayer } from "./alarmLayer";
import type { Problems } from "./baseMaps";
import { Chart, START } from "./chart";
import { drawCourts, makeCourtLayer, makeOutlines } from "./courtLayer";
import { Measure, type Measured } from "./measure";
import { FONT, PALETTE } from "./palette";
import { Track } from "./track";
import { UnitLayer } from "./unitLayer";

const FIT = { padding: [100, 120, 140, 120], maxZoom: 14, duration: 400 };
const CLUSTER_FIT = { padding: [90, 90, 130, 90], maxZoom: 15, duration: 300 };
/** The second click of a double click is no second place; quick clicks further apart are. */
const SAME_PLACE_PX = 6;
/** Without a picture for so long, the outlines alone are drawn. */
const PATIENCE_MS = 1500;
/** Fading with age is looked at as often when nothing else changes. */
const FADING_DUE_MS = 10_000;

/** An alarm outside the part of the map in sight: where it is, seen from the middle. */
export interface OffMap {
  id: string;
  name: string;
  /** Clockwise from north, degrees. */
  bearing_deg: number;
}

export interface Told {
  picked: (picked: Exclude<Selection, null>) => void;
  offMap: (alarms: OffMap[]) => void;
  /** What is under the pointer, or null when it is elsewhere; and the middle of the map. */
  at: (pointer: Place | null, middle: Place) => void;
  measured: (now: Measured | null) => void;
  problems: (problems: Problems) => void;
}

/** The map: outlines, base map, courts, units, alarms. Told what to draw; says what was picked. */
export class Situation extends Chart {
  private readonly units = new UnitLayer();
  private readonly courts = new VectorSource<Feature<Point>>();
  private readonly alarms = makeAlarmLayer();
  private readonly chosen = new VectorSource();
  private readonly way = new VectorSource();
  private readonly track = new Track();
  private readonly measure: Measure;
  private drawnCourts: ReadonlyMap<string, Court> | null = null;
  private drawnUnits: Picture["units"] | null = null;
  private drawnIncidents: Picture["incidents"] | null = null;
  private drawnUnitId: string | null = null;
  private drawnMs = 0;
  private drawnAlarms = "";
  private drawnChosen = "";
  private now: Picture | null = null;
  private pointer: Place | null = null;
  private placed = false;
  private readonly patience = setTimeout(() => this.open(), PATIENCE_MS);
  /** Shows the whole area, until a person or an alarm moves it: then a window of another size is fitted anew. */
  private whole = false;

  constructor(private readonly target: HTMLElement, private readonly told: Told) {
    super(null, 80, told.problems);
    this.measure = new Measure(told.measured);
    this.map.setLayers([
      makeOutlines(),
      makeCourtLayer(this.courts),
      whenFull(new VectorLayer({ source: this.way, zIndex: 3 })),
      this.units,
      whenFull(new VectorLayer({ source: this.chosen, zIndex: 5 })),
      whenFull(this.measure.layer),
      whenFull(this.alarms),
    ]);
    this.map.on("click", (event) => {
      if (this.measure.on) this.measure.add(event.coordinate);
    });
    this.map.on("singleclick", (event) => {
      if (!this.measure.on) this.pick(event.pixel);
    });
    this.map.on("dblclick", () => {
      if (!this.measure.on) return true;
      this.measure.dropRepeated((this.map.getView().getResolution() ?? 1) * SAME_PLACE_PX);
      return false; // the map is not zoomed
    });
    this.map.on("pointermove", (event) => this.pointerAt(event));
    target.addEventListener("pointerleave", () => {
      this.pointer = null;
      this.measure.point(null);
      this.tellAt();
    });
    // For the tests, and for who looks into the page: how the units are drawn.
    this.map.on("postrender", () => Object.assign(target.dataset, this.units.tally));
    this.map.on("moveend", () => {
      target.dataset["zoom"] = this.map.getView().getZoom()?.toFixed(2);
      this.tellOffMap();
      this.tellAt();
    });
    this.map.on("change:size", () => this.whole && this.fitAll(0));
    this.map.on("pointerdrag", () => (this.whole = false));
    target.addEventListener("wheel", () => (this.whole = false), { passive: true });
  }

  /** Onto the page. Not before there is a picture: everything would be drawn twice, at two scales. */
  private open(): void {
    clearTimeout(this.patience);
    if (!this.map.getTarget()) this.map.setTarget(this.target);
  }

  private pick(pixel: number[]): void {
    const hit = this.map.forEachFeatureAtPixel(pixel, (feature) => feature.get("pick") as Selection | undefined, { hitTolerance: 6 });
    if (hit) {
      this.told.picked(hit);
      return;
    }
    const unit = this.units.hitAt(pixel);
    if (!unit) return;
    if ("unit" in unit) this.told.picked({ what: "unit", id: unit.unit });
    else {
      this.whole = false;
      this.map.getView().fit(unit.around, CLUSTER_FIT);
    }
  }

  private pointerAt(event: MapBrowserEvent): void {
    const [lon = 0, lat = 0] = toLonLat(event.coordinate);
    this.pointer = { lat, lon };
    this.tellAt();
    if (this.measure.on) this.measure.point(event.coordinate);
    if (event.dragging) return;
    const over = !this.measure.on && (this.units.hitAt(event.pixel) !== null ||
      this.map.hasFeatureAtPixel(event.pixel, { hitTolerance: 6, layerFilter: (layer) => layer === this.alarms }));
    this.target.classList.toggle("map-over", over);
  }

  draw(now: Picture, selected: Selection): void {
    this.now = now;
    if (now.known) this.open();
    const nowMs = serverNowMs(now);
    if (this.drawnCourts !== now.courts) {
      this.drawnCourts = now.courts;
      drawCourts(this.courts, now.courts.values());
      if (!this.placed && now.courts.size > 0) {
        this.placed = true;
        this.fitAll(0);
      }
    }
    this.drawUnits(now, selected, nowMs);
    this.drawChosen(now, selected);
    const looks = alarmsLookLike(now, selected?.what === "incident" ? selected.id : null);
    const source = this.alarms.getSource();
    if (source && looks !== this.drawnAlarms) {
      this.drawnAlarms = looks;
      drawAlarms(source, now, selected?.what === "incident" ? selected.id : null);
    }
    const fix = this.track.unitId === null ? null : now.units.get(this.track.unitId)?.fix;
    if (fix && this.track.extend(fix)) this.drawTrack();
    this.tellOffMap();
  }

  private drawUnits(now: Picture, selected: Selection, nowMs: number): void {
    const chosenId = selected?.what === "unit" ? selected.id : null;
    const due = nowMs - this.drawnMs > FADING_DUE_MS;
    const same = this.drawnUnits === now.units && this.drawnIncidents === now.incidents && this.drawnUnitId === chosenId;
    if (same && !due) return;
    this.drawnUnits = now.units;
    this.drawnIncidents = now.incidents;
    this.drawnUnitId = chosenId;
    if (due) this.drawnMs = nowMs;
    this.units.show(now.units, new Set(now.openOf.keys()), chosenId, nowMs);
    Object.assign(this.target.dataset, this.units.tally);
  }

  private drawChosen(now: Picture, selected: Selection): void {
    const unit = selected?.what === "unit" ? now.units.get(selected.id) : undefined;
    const fix = unit?.fix;
    const looks = unit && fix ? JSON.stringify([unit.unit_id, fix.lat, fix.lon, fix.accuracy_m]) : "";
    if (looks === this.drawnChosen) return;
    this.drawnChosen = looks;
    this.chosen.clear(true);
    if (!unit || !fix) {
      this.chosen.changed();
      return;
    }
    const name = new Feature(new Point(fromLonLat([fix.lon, fix.lat])));
    name.setStyle(new Style({ text: new Text({
      text: officerOf(unit).slice(0, 24), font: `600 13px ${FONT}`, offsetY: -20, padding: [3, 6, 2, 6], fill: new Fill({ color: PALETTE.halo }),
      backgroundFill: new Fill({ color: PALETTE.line }),
    }) }));
    this.chosen.addFeatures(fix.accuracy_m ? [circle(fix, PALETTE.unit), name] : [name]);
  }

  /** Draw the way of this unit from now on; `stored` is given to `beginTrack` when it is there. */
  followTrack(unitId: string | null): void {
    this.track.follow(unitId);
    this.drawTrack();
  }

  beginTrack(unitId: string, stored: readonly Fix[]): void {
    this.track.begin(unitId, stored);
    this.drawTrack();
  }

  private drawTrack(): void {
    if (this.now) this.track.draw(this.way, serverNowMs(this.now));
    this.target.dataset["track"] = String(this.track.length);
  }

  private tellOffMap(): void {
    const size = this.map.getSize();
    if (!this.now || !size) return;
    const extent = this.map.getView().calculateExtent(size);
    const middle = this.map.getView().getCenter() ?? [0, 0];
    const off: OffMap[] = [];
    for (const incident of this.now.incidents.values()) {
      const at = isOpen(incident) && !isTest(incident) ? alarmAt(incident, this.now) : null;
      if (!at) continue;
      const [x = 0, y = 0] = fromLonLat([at.lon, at.lat]);
      if (containsCoordinate(extent, [x, y])) continue;
      const bearing = (Math.atan2(x - (middle[0] ?? 0), y - (middle[1] ?? 0)) * 180) / Math.PI;
      off.push({ id: incident.incident_id, name: officerOf(incident), bearing_deg: Math.round(bearing) });
    }
    this.told.offMap(off);
  }

  private tellAt(): void {
    const [lon = 0, lat = 0] = toLonLat(this.map.getView().getCenter() ?? START.center);
    this.told.at(this.pointer, { lat, lon });
  }

  startMeasuring(): void {
    this.measure.begin();
    this.target.classList.add("map-measuring");
  }

  endMeasuring(): void {
    this.measure.end();
    this.target.classList.remove("map-measuring");
  }

  /** By keyboard: a point where the pointer is, else in the middle of the map. */
  measureHere(): void {
    const at = this.pointer;
    this.measure.add(at ? fromLonLat([at.lon, at.lat]) : (this.map.getView().getCenter() ?? START.center));
  }

  measureBack(): void {
    this.measure.undo();
  }

  /** The officer and the courts that may go, all in sight. */
  focusIncident(incident: Incident, now: Picture): void {
    const at = alarmAt(incident, now);
    if (!at) return;
    this.placed = true;
    this.whole = false;
    this.map.updateSize(); // the panel beside it may just have become wider
    const points = [at, ...drawnCandidates(incident).slice(0, 3)].map((place) => fromLonLat([place.lon, place.lat]));
    this.map.getView().fit(boundingExtent(points), FIT);
  }

  focusUnit(lon: number, lat: number): void {
    this.placed = true; // the first picture may be drawn after somebody has chosen
    const view = this.map.getView();
    const centre = fromLonLat([lon, lat]);
    const size = this.map.getSize();
    if (size && containsCoordinate(view.calculateExtent(size), centre) && (view.getZoom() ?? 0) >= 9) return;
    this.whole = false;
    view.animate({ center: centre, zoom: Math.max(view.getZoom() ?? 0, 11), duration: 300 });
  }

  focusPlaces(places: readonly Place[]): void {
    if (places.length === 0) return;
    this.whole = false;
    this.map.getView().fit(boundingExtent(places.map((place) => fromLonLat([place.lon, place.lat]))), { ...FIT, maxZoom: 12 });
  }

  fitAll(duration = 300): void {
    this.whole = true;
    const extent: Extent = this.courts.getExtent()?.slice() ?? [];
    if (extent.length === 4 && !isEmpty(extent)) this.map.getView().fit(extend(extent, extent), { padding: [44, 60, 100, 60], duration });
  }

  override zoom(by: number): void {
    this.whole = false;
    super.zoom(by);
  }

  override close(): void {
    clearTimeout(this.patience);
    super.close();
  }
}

/** An empty layer would have a canvas of the map's size all the same, to be laid over the others at every frame. */
function whenFull(layer: VectorLayer<VectorSource>): VectorLayer<VectorSource> {
  const source = layer.getSource();
  const look = (): void => layer.setVisible(source?.isEmpty() === false);
  source?.on("change", look);
  look();
  return layer;
}
