import type { FrameState } from "ol/Map";
import { boundingExtent, type Extent } from "ol/extent";
import Layer from "ol/layer/Layer";
import { fromLonLat } from "ol/proj";
import { type Unit, officerOf } from "../model";
import { type Cluster, clustered } from "./clusters";
import { FONT, PALETTE } from "./palette";
import { type Look, lookOf, MarkPictures } from "./unitMarks";

/** A unit at its newest position. */
interface Mark {
  unit: Unit;
  x: number;
  y: number;
  look: Look;
}

export type UnitHit = { unit: string } | { around: Extent };

/** Metres a pixel above which units that are close together are one mark with their number. */
const CLUSTERS_ABOVE_M_PX = 90;
const CELL_PX = 64;
const APART_PX = 36;
const SMALL_ABOVE_M_PX = 60;
/** Names stand under the marks when so few are in sight, this close. */
const NAMES_BELOW_M_PX = 12;
const NAMES_MOST = 40;
const NAME_LENGTH = 10;
const HIT_PX = 9;

/**
 * All units, drawn by hand on a canvas of their own: 2,000 of them are 2,000 small pictures, so a new second of
 * positions costs a few milliseconds without a GPU, and touches no other layer. Units with an open incident are not
 * here: an alarm is drawn above everything and is never part of a cluster.
 */
export class UnitLayer extends Layer {
  private readonly canvas = document.createElement("canvas");
  private readonly pen = this.canvas.getContext("2d");
  private readonly pictures = new MarkPictures();
  private marks: Mark[] = [];
  private readonly markOf = new Map<string, Mark>();
  private chosenId: string | null = null;
  private frame: FrameState | null = null;
  private drawn: { cellM: number; clusters: Cluster<Mark>[]; single: Mark[] } | null = null;

  constructor() {
    super({ zIndex: 4 });
    this.canvas.className = "map-units";
  }

  /** `leftOut`: units that others draw. What did not change since the last call is not worked out again. */
  show(units: ReadonlyMap<string, Unit>, leftOut: ReadonlySet<string>, chosenId: string | null, nowMs: number): void {
    this.marks = [];
    for (const unit of units.values()) {
      const look = leftOut.has(unit.unit_id) ? null : lookOf(unit, nowMs);
      if (!look || !unit.fix) continue;
      const old = this.markOf.get(unit.unit_id);
      let mark: Mark;
      if (old && old.unit.fix?.lon === unit.fix.lon && old.unit.fix.lat === unit.fix.lat) mark = { ...old, unit, look };
      else {
        const [x = 0, y = 0] = fromLonLat([unit.fix.lon, unit.fix.lat]);
        mark = { unit, x, y, look };
      }
      this.markOf.set(unit.unit_id, mark);
      this.marks.push(mark);
    }
    for (const id of this.markOf.keys()) if (!units.has(id)) this.markOf.delete(id);
    const weight = { offline: 0, online: 1, degraded: 2 };
    this.marks.sort((a, b) => weight[a.look.state] - weight[b.look.state]);
    this.chosenId = chosenId;
    this.drawn = null;
    this.paint();
  }

  override render(frame: FrameState): HTMLElement {
    this.frame = frame;
    this.paint();
    return this.canvas;
  }

  /** What is under a pixel of the map: a unit, or where to look to see the members of a cluster apart. */
  hitAt([atX = 0, atY = 0]: number[]): UnitHit | null {
    if (!this.drawn || !this.frame) return null;
    const cluster = this.drawn.clusters.find((one) => {
      const [x, y] = this.pixelOf(one);
      return Math.hypot(x - atX, y - atY) < radiusPx(one.members.length) + 3;
    });
    if (cluster) return { around: boundingExtent(cluster.members.map((member) => [member.x, member.y])) };
    let nearest: { id: string; px: number } | null = null;
    for (const mark of this.drawn.single) {
      const [x, y] = this.pixelOf(mark);
      const px = Math.hypot(x - atX, y - atY);
      if (px < HIT_PX && px <= (nearest?.px ?? Infinity)) nearest = { id: mark.unit.unit_id, px };
    }
    return nearest && { unit: nearest.id };
  }

  /** How many marks of each sort are drawn. */
  get tally(): { clusters: number; single: number; units: number } {
    return { clusters: this.drawn?.clusters.length ?? 0, single: this.drawn?.single.length ?? 0, units: this.marks.length };
  }

  private pixelOf(at: { x: number; y: number }): [number, number] {
    const { center, resolution } = this.frame?.viewState ?? { center: [0, 0], resolution: 1 };
    const [width = 0, height = 0] = this.frame?.size ?? [];
    return [(at.x - (center[0] ?? 0)) / resolution + width / 2, ((center[1] ?? 0) - at.y) / resolution + height / 2];
  }

  private paint(): void {
    const { frame, pen, canvas } = this;
    if (!frame || !pen) return;
    const ratio = frame.pixelRatio;
    const [width = 0, height = 0] = frame.size.map((px) => Math.round(px * ratio));
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    } else {
      pen.clearRect(0, 0, width, height);
    }
    const resolution = frame.viewState.resolution;
    const { clusters, single } = this.grouped(resolution);
    const small = resolution > SMALL_ABOVE_M_PX;
    const seen: [Mark, number, number][] = [];
    for (const mark of single) {
      const [px, py] = this.pixelOf(mark);
      const picture = this.pictures.of(mark.look, small, ratio);
      const x = Math.round(px * ratio - picture.width / 2);
      const y = Math.round(py * ratio - picture.height / 2);
      if (x < -picture.width || y < -picture.height || x > width || y > height) continue;
      pen.globalAlpha = mark.look.opacity;
      pen.drawImage(picture, x, y);
      seen.push([mark, px * ratio, py * ratio]);
    }
    pen.globalAlpha = 1;
    if (resolution < NAMES_BELOW_M_PX && seen.length <= NAMES_MOST) this.names(pen, seen, ratio);
    for (const cluster of clusters) {
      const [x, y] = this.pixelOf(cluster);
      drawCluster(pen, cluster, x * ratio, y * ratio, ratio);
    }
  }

  private names(pen: CanvasRenderingContext2D, seen: readonly [Mark, number, number][], ratio: number): void {
    pen.font = `${12 * ratio}px ${FONT}`;
    pen.textAlign = "center";
    pen.textBaseline = "top";
    pen.lineWidth = 3 * ratio;
    pen.strokeStyle = PALETTE.halo;
    pen.fillStyle = PALETTE.text;
    for (const [mark, x, y] of seen) {
      if (mark.unit.unit_id === this.chosenId) continue;
      const name = [...officerOf(mark.unit)].slice(0, NAME_LENGTH).join("");
      pen.strokeText(name, x, y + 10 * ratio);
      pen.fillText(name, x, y + 10 * ratio);
    }
  }

  private grouped(resolution: number): { clusters: Cluster<Mark>[]; single: Mark[] } {
    const far = resolution > CLUSTERS_ABOVE_M_PX;
    const cellM = far ? CELL_PX * 2 ** Math.round(Math.log2(resolution)) : 0;
    if (this.drawn?.cellM === cellM) return this.drawn;
    const found = far
      ? clustered(this.marks.filter((mark) => mark.unit.unit_id !== this.chosenId), cellM, (cellM * APART_PX) / CELL_PX)
      : { clusters: [], single: this.marks };
    const chosen = far ? this.marks.filter((mark) => mark.unit.unit_id === this.chosenId) : [];
    this.drawn = { cellM, clusters: found.clusters, single: [...found.single, ...chosen] };
    return this.drawn;
  }
}

function radiusPx(count: number): number {
  return Math.min(18, 9 + 3 * Math.log10(count) + (count > 99 ? 2 : 0));
}

/** A number in a ring; the bright part of the ring is the share that is online. A diamond: some are degraded. */
function drawCluster(pen: CanvasRenderingContext2D, { members }: Cluster<Mark>, x: number, y: number, ratio: number): void {
  const radius = radiusPx(members.length) * ratio;
  const online = members.reduce((sum, mark) => sum + (mark.look.state === "offline" ? 0 : 1), 0);
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fillStyle = PALETTE.clusterFill;
  pen.fill();
  pen.lineWidth = 2 * ratio;
  pen.strokeStyle = PALETTE.clusterOff;
  pen.stroke();
  if (online > 0) {
    pen.beginPath();
    pen.arc(x, y, radius, -Math.PI / 2, (-0.5 + (2 * online) / members.length) * Math.PI);
    pen.strokeStyle = PALETTE.unit;
    pen.stroke();
  }
  pen.fillStyle = PALETTE.text;
  pen.font = `600 ${11.5 * ratio}px ${FONT}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(String(members.length), x, y + 0.5 * ratio);
  if (!members.some((mark) => mark.look.state === "degraded")) return;
  const edge = 4.5 * ratio;
  const [cx, cy] = [x + radius * 0.75, y - radius * 0.75];
  pen.beginPath();
  pen.moveTo(cx, cy - edge);
  pen.lineTo(cx + edge, cy);
  pen.lineTo(cx, cy + edge);
  pen.lineTo(cx - edge, cy);
  pen.closePath();
  pen.fillStyle = PALETTE.degraded;
  pen.fill();
}
