import { jpegSize } from "./jpeg";
import type { Timed } from "./source";

/** Decoded pictures are large: a few are kept. */
const DECODED_MOST = 8;
const AT_ONCE = 3;
const DECODE_TIMEOUT_MS = 3000;
/** So many are told apart when they are counted. */
const COUNTED_MOST = 10_000;

export type Decoded = ImageBitmap | "bad" | "huge";

/** Draws pictures on a canvas. A picture that cannot be decoded is counted and left out; it takes nothing else with it. */
export class Screen {
  private readonly decoded = new Map<Timed, Decoded>();
  private readonly busy = new Set<Timed>();
  private wanted: readonly Timed[] = [];
  private drawn: Timed | null = null;
  private closed = false;
  /** Pictures that could not be decoded, each once. */
  private readonly refused = new Set<string>();
  huge = false;

  constructor(private readonly canvas: HTMLCanvasElement) {}

  /** Show the first of these as soon as it is decoded; the others are to come. Null: nothing is to be seen. */
  show(wanted: readonly Timed[]): void {
    this.wanted = wanted;
    for (const one of wanted) if (this.busy.size < AT_ONCE && !this.decoded.has(one) && !this.busy.has(one)) void this.decode(one);
    this.draw();
  }

  get bad(): number {
    return this.refused.size;
  }

  /** The moment of the picture that stands on the canvas; null: none does. */
  get drawnMs(): number | null {
    return this.drawn?.atMs ?? null;
  }

  /** Nothing is to be seen, and what was drawn before stands no more. */
  clear(): void {
    this.wanted = [];
    this.drawn = null;
    this.canvas.getContext("2d")?.clearRect(0, 0, this.canvas.width, this.canvas.height);
    delete this.canvas.dataset["at"];
  }

  close(): void {
    this.closed = true;
    for (const one of this.decoded.values()) if (typeof one !== "string") one.close();
    this.decoded.clear();
  }

  private draw(): void {
    const first = this.wanted[0];
    const image = first && this.decoded.get(first);
    if (!first || !image || typeof image === "string" || first === this.drawn) return;
    if (this.canvas.width !== image.width || this.canvas.height !== image.height) {
      this.canvas.width = image.width;
      this.canvas.height = image.height;
    }
    this.canvas.getContext("2d")?.drawImage(image, 0, 0);
    this.canvas.dataset["at"] = String(Math.round(first.atMs));
    this.drawn = first;
  }

  private async decode(one: Timed): Promise<void> {
    this.busy.add(one);
    const made = await decodeJpeg(one.content);
    this.busy.delete(one);
    if (this.closed) {
      if (typeof made !== "string") made.close();
      return;
    }
    if (typeof made === "string") {
      if (this.refused.size < COUNTED_MOST) this.refused.add(`${one.part}/${one.at}`);
      this.huge ||= made === "huge";
    }
    this.decoded.set(one, made);
    for (const [old, image] of this.decoded) {
      if (this.decoded.size <= DECODED_MOST) break;
      if (this.wanted.includes(old)) continue;
      if (typeof image !== "string") image.close();
      this.decoded.delete(old);
    }
    this.show(this.wanted);
  }
}

/** A picture, or why it is none: one that is too large, or takes too long, harms nothing else. */
export async function decodeJpeg(jpeg: Uint8Array<ArrayBuffer>): Promise<Decoded> {
  const size = jpegSize(jpeg);
  if (!size) return jpeg[0] === 0xff && jpeg[1] === 0xd8 ? "huge" : "bad";
  const late = new Promise<"bad">((resolve) => setTimeout(() => resolve("bad"), DECODE_TIMEOUT_MS));
  const work = createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }), { imageOrientation: "none" }).catch(() => "bad" as const);
  const made = await Promise.race([work, late]);
  if (made === "bad") void work.then((image) => typeof image !== "string" && image.close());
  if (typeof made !== "string" && (made.width !== size.width || made.height !== size.height)) {
    made.close();
    return "bad";
  }
  return made;
}
