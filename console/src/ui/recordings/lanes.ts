import type { Laid } from "../../play/line";
import type { How } from "../../recording";

const RANK: Record<How, number> = { live: 1, backfilled: 2, missing: 3 };

/** What stands at each pixel of a line of `width`: of several that fall on one, the worst; 0 where nothing was recorded. */
export function columns(line: readonly Laid[], totalMs: number, width: number): Uint8Array {
  const out = new Uint8Array(width);
  const scale = width / Math.max(1, totalMs);
  for (const { fromMs, toMs } of absences(line)) fill(out, fromMs * scale, toMs * scale, RANK.missing);
  for (const { part, fromMs, toMs } of line) {
    const size = part.size ?? part.ranges.at(-1)?.end ?? 0;
    const [left, wide] = [fromMs * scale, Math.max(1, (toMs - fromMs) * scale)];
    if (part.state === "deleted") fill(out, left, left + wide, 4);
    else for (const range of size > 0 ? part.ranges : []) fill(out, left + (wide * range.start) / size, left + (wide * range.end) / size, RANK[range.how]);
  }
  return out;
}

/** Where segments should be of which nothing came: between two whose numbers do not follow. */
export function absences(line: readonly Laid[]): { fromMs: number; toMs: number }[] {
  return line.flatMap((one, i) => {
    const before = line[i - 1];
    return before && one.part.number > before.part.number + 1 && one.fromMs > before.toMs ? [{ fromMs: before.toMs, toMs: one.fromMs }] : [];
  });
}

function fill(out: Uint8Array, from: number, to: number, rank: number): void {
  const last = Math.max(Math.floor(from) + 1, Math.min(out.length, Math.round(to)));
  for (let x = Math.max(0, Math.floor(from)); x < last && x < out.length; x += 1) out[x] = Math.max(out[x] ?? 0, rank);
}

export interface Colours {
  live: string;
  backfilled: string;
  missing: string;
  deleted: string;
  edge: string;
}

/** Live is a full bar, what came later a half one with strokes, missing an empty frame, deleted a thin line: shapes beside colours. */
export function drawLanes(canvas: HTMLCanvasElement, line: readonly Laid[], totalMs: number, colours: Colours): void {
  const dense = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (width === 0) return;
  canvas.width = Math.round(width * dense);
  canvas.height = Math.round(height * dense);
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.scale(dense, dense);
  const worst = columns(line, totalMs, width);
  for (let x = 0; x < width; x += 1) {
    if (worst[x] === 1) bar(pen, colours.live, x, 2, height - 4);
    if (worst[x] === 2) {
      bar(pen, colours.backfilled, x, height / 2, height / 2 - 2);
      if (x % 4 === 0) bar(pen, colours.backfilled, x, 2, height - 4);
    }
    if (worst[x] === 3) {
      if (x % 6 < 4) [2, height - 3].forEach((y) => bar(pen, colours.missing, x, y, 1.5));
      if (worst[x - 1] !== 3 || worst[x + 1] !== 3) bar(pen, colours.missing, x, 2, height - 4);
    }
    if (worst[x] === 4) bar(pen, colours.deleted, x, height / 2, 1);
  }
  for (const { fromMs } of line) bar(pen, colours.edge, Math.round((fromMs * width) / Math.max(1, totalMs)), 0, height);
}

function bar(pen: CanvasRenderingContext2D, colour: string, x: number, y: number, height: number): void {
  pen.fillStyle = colour;
  pen.fillRect(x, y, 1, height);
}
