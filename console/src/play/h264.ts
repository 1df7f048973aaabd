import { SIDE_MAX_PX } from "./jpeg";
import type { LiveBlock } from "./liveMessages";

/** More that wait to be decoded are given up: the next key picture begins anew. */
const WAITING_MOST = 12;
const SPS = 7;

/** Pictures out of H.264 access units (Annex B), by WebCodecs. After a loss or a fault it waits for a key picture. */
export class H264 {
  private decoder: VideoDecoder | null = null;
  private codec = "";
  private readonly under = new Map<number, LiveBlock>();
  private count = 0;
  bad = 0;

  constructor(private readonly made: (block: LiveBlock, frame: VideoFrame) => void) {}

  /** Needs https, or the gateway's own machine. */
  static get possible(): boolean {
    return "VideoDecoder" in window;
  }

  add(block: LiveBlock): void {
    if (!H264.possible) return;
    if (block.alone) {
      const codec = codecOf(block.content);
      if (codec === null) return this.fail();
      if (!this.decoder || codec !== this.codec || this.decoder.decodeQueueSize > 0) this.begin(codec);
    } else if (block.afterLoss || (this.decoder?.decodeQueueSize ?? 0) > WAITING_MOST) this.end();
    if (!this.decoder) return;
    this.count += 1;
    this.under.set(this.count, block);
    for (const old of this.under.keys()) if (this.under.size > 2 * WAITING_MOST) this.under.delete(old);
    try {
      this.decoder.decode(new EncodedVideoChunk({ type: block.alone ? "key" : "delta", timestamp: this.count, data: block.content }));
    } catch {
      this.fail();
    }
  }

  end(): void {
    if (this.decoder && this.decoder.state !== "closed") this.decoder.close();
    this.decoder = null;
    this.under.clear();
  }

  private begin(codec: string): void {
    this.end();
    this.codec = codec;
    const decoder = new VideoDecoder({
      output: (frame) => {
        const block = this.under.get(frame.timestamp);
        this.under.delete(frame.timestamp);
        const fits = frame.displayWidth <= SIDE_MAX_PX && frame.displayHeight <= SIDE_MAX_PX;
        if (block && fits && this.decoder === decoder) this.made(block, frame);
        else frame.close();
      },
      error: () => this.decoder === decoder && this.fail(),
    });
    this.decoder = decoder;
    try {
      decoder.configure({ codec, optimizeForLatency: true });
    } catch {
      this.fail();
    }
  }

  private fail(): void {
    this.bad += 1;
    this.end();
  }
}

/** `avc1.` with profile, constraints and level of its parameter set; null: it has none. */
function codecOf(unit: Uint8Array): string | null {
  for (let at = 0; at + 6 < unit.length; at += 1) {
    if (unit[at] !== 0 || unit[at + 1] !== 0 || unit[at + 2] !== 1 || ((unit[at + 3] ?? 0) & 0x1f) !== SPS) continue;
    return `avc1.${[...unit.subarray(at + 4, at + 7)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }
  return null;
}
