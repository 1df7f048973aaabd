import { H264 } from "./h264";
import { type LiveBlock, H264 as CODEC_H264, JPEG } from "./liveMessages";
import { decodeJpeg } from "./screen";

const AT_ONCE = 2;
/** Decoded pictures are large: few wait for their sound. */
const READY_MOST = 8;
/** What is drawn now is seen with the screen's next frame. */
const SCREEN_MS = 16;

type Image = ImageBitmap | VideoFrame;

interface Ready {
  block: LiveBlock;
  image: Image;
}

/** What stands on the canvas. */
export interface Shown {
  block: LiveBlock;
  /** `performance.now()` when it was drawn. */
  drawnMs: number;
  width: number;
  height: number;
}

/**
 * Draws a unit's pictures as they come: each at the moment of its sound, or at once when none is heard. A picture that is late
 * gives way to a newer one, and one that cannot be decoded takes nothing else with it.
 */
export class LiveScreen {
  shown: Shown | null = null;
  /** Decoded, but a newer one was there before it was its turn. */
  passed = 0;
  huge = false;
  private badJpegs = 0;
  private next: LiveBlock | null = null;
  private busy = 0;
  private ready: Ready[] = [];
  private newestMs = -Infinity;
  private closed = false;
  private drawing = 0;
  private readonly h264 = new H264((block, frame) => this.put(block, frame));

  /**
   * `heardMs`: source time of what is heard now; null: pictures run free. `came`: by how much a picture was ready before (or,
   * below zero, after) its sound.
   */
  constructor(private readonly canvas: HTMLCanvasElement, private readonly heardMs: () => number | null, private readonly came: (aheadMs: number) => void) {
    const draw = (): void => {
      this.drawing = requestAnimationFrame(draw);
      this.draw();
    };
    draw();
  }

  add(block: LiveBlock): void {
    if (block.codec === CODEC_H264) this.h264.add(block);
    else if (block.codec !== JPEG) this.badJpegs += 1;
    else if (this.busy < AT_ONCE) void this.decode(block);
    else {
      this.passed += this.next === null ? 0 : 1;
      this.next = block;
    }
  }

  get bad(): number {
    return this.badJpegs + this.h264.bad;
  }

  close(): void {
    this.closed = true;
    cancelAnimationFrame(this.drawing);
    this.h264.end();
    for (const one of this.ready) one.image.close();
    this.ready = [];
  }

  private async decode(block: LiveBlock): Promise<void> {
    this.busy += 1;
    const image = await decodeJpeg(block.content);
    this.busy -= 1;
    if (typeof image === "string") {
      this.badJpegs += 1;
      this.huge ||= image === "huge";
    } else this.put(block, image);
    const { next } = this;
    this.next = null;
    if (next && !this.closed) void this.decode(next);
  }

  private put(block: LiveBlock, image: Image): void {
    // A unit whose clock was set back begins anew.
    const back = this.newestMs - block.takenMs > 2000;
    if (this.closed || (block.takenMs <= (this.shown?.block.takenMs ?? -Infinity) && !back)) {
      image.close();
      this.passed += this.closed ? 0 : 1;
      return;
    }
    if (back) this.forget();
    this.newestMs = Math.max(block.takenMs, back ? -Infinity : this.newestMs);
    this.ready.push({ block, image });
    this.ready.sort((a, b) => a.block.takenMs - b.block.takenMs);
    const heardMs = this.heardMs();
    if (heardMs !== null) this.came(block.takenMs - heardMs);
    while (this.ready.length > READY_MOST) this.pass();
    this.draw();
  }

  private draw(): void {
    const heardMs = this.heardMs();
    const dueMs = heardMs === null ? Infinity : heardMs + SCREEN_MS;
    while (this.ready.length > 1 && (this.ready[1]?.block.takenMs ?? Infinity) <= dueMs) this.pass();
    const first = this.ready[0];
    if (!first || first.block.takenMs > dueMs) return;
    this.ready.shift();
    const { image, block } = first;
    const [width, height] = "displayWidth" in image ? [image.displayWidth, image.displayHeight] : [image.width, image.height];
    if (this.canvas.width !== width || this.canvas.height !== height) [this.canvas.width, this.canvas.height] = [width, height];
    this.canvas.getContext("2d")?.drawImage(image, 0, 0);
    image.close();
    this.canvas.dataset["at"] = String(block.takenMs);
    this.shown = { block, drawnMs: performance.now(), width, height };
  }

  private pass(): void {
    this.ready.shift()?.image.close();
    this.passed += 1;
  }

  private forget(): void {
    for (const one of this.ready) one.image.close();
    this.ready = [];
    this.shown = null;
  }
}
