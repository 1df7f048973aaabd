import { isDegraded, type Unit } from "../model";
import { PALETTE } from "./palette";

/** Positions fade as they age: [younger than ms, opacity]. */
const FADING: readonly (readonly [number, number])[] = [[30_000, 1], [120_000, 0.75], [600_000, 0.5], [Infinity, 0.3]];
const COURSE_STEP_DEG = 15;
const MOVING_M_S = 0.7;
/** Half the edge of a mark's picture: room for an arrow in any direction. */
const HALF_PX = 10;
/** Whole-province view: smaller marks, so that courts and counties can still be seen between them. */
const SMALL = 0.62;

export type UnitState = "offline" | "online" | "degraded";

/** What decides how a unit looks. `course`: in steps of 15 degrees clockwise from north, -1 when it does not move. */
export interface Look {
  state: UnitState;
  course: number;
  opacity: number;
}

export function lookOf(unit: Unit, nowMs: number): Look | null {
  const fix = unit.fix;
  if (!fix) return null;
  const ageMs = nowMs - fix.at_ms;
  const state = !unit.online ? "offline" : isDegraded(unit) ? "degraded" : "online";
  const moving = unit.online && (fix.speed_m_s ?? 0) >= MOVING_M_S && fix.course_deg !== null;
  return {
    state,
    course: moving ? Math.round((fix.course_deg ?? 0) / COURSE_STEP_DEG) % (360 / COURSE_STEP_DEG) : -1,
    opacity: FADING.find(([limitMs]) => ageMs < limitMs)?.[1] ?? 0.3,
  };
}

/** Pictures of marks, each drawn once: 2,000 units need a few dozen. */
export class MarkPictures {
  private readonly made = new Map<string, HTMLCanvasElement>();
  private ratio = 0;

  /** Its middle is the unit's place; its size is `sizePx` in the screen's own pixels. */
  of(look: Look, small: boolean, pixelRatio: number): HTMLCanvasElement {
    if (pixelRatio !== this.ratio) {
      this.made.clear();
      this.ratio = pixelRatio;
    }
    const key = `${look.state}/${look.course}/${small}`;
    let picture = this.made.get(key);
    if (!picture) {
      picture = draw(look, small && look.state !== "degraded" ? SMALL : 1, pixelRatio);
      this.made.set(key, picture);
    }
    return picture;
  }
}

function draw(look: Look, scale: number, pixelRatio: number): HTMLCanvasElement {
  const picture = document.createElement("canvas");
  picture.width = picture.height = Math.ceil(2 * HALF_PX * pixelRatio);
  const pen = picture.getContext("2d");
  if (!pen) return picture;
  pen.translate(picture.width / 2, picture.height / 2);
  pen.scale(pixelRatio * scale, pixelRatio * scale);
  pen.beginPath();
  if (look.course >= 0) {
    pen.rotate((look.course * COURSE_STEP_DEG * Math.PI) / 180);
    path(pen, [[0, -8.5], [5, 6], [0, 3], [-5, 6]]);
  } else if (look.state === "degraded") path(pen, [[0, -6], [6, 0], [0, 6], [-6, 0]]);
  else pen.arc(0, 0, look.state === "offline" ? 4 : 3.5, 0, 2 * Math.PI);
  if (look.state === "offline") {
    pen.strokeStyle = PALETTE.offline;
    pen.lineWidth = 1.5;
    pen.stroke();
    return picture;
  }
  pen.fillStyle = look.state === "degraded" ? PALETTE.degraded : PALETTE.unit;
  pen.strokeStyle = PALETTE.halo;
  pen.lineWidth = 2;
  pen.stroke();
  pen.fill();
  return picture;
}

function path(pen: CanvasRenderingContext2D, points: readonly (readonly [number, number])[]): void {
  for (const [x, y] of points) pen.lineTo(x, y);
  pen.closePath();
}
