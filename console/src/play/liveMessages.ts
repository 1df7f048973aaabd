/** What comes over a unit's live socket (docs/api.md, "Live of a unit"): blocks as bytes, everything else as JSON. */

export const JPEG = 1;
export const H264 = 2;
export const PCM_16 = 3;
export const A_LAW_8 = 4;
export const ADPCM = 5;

const HEAD_BYTES = 24;
const BLOCK = 1;
const ALONE = 1;
const BEGINS = 2;
const AFTER_LOSS = 4;
const ESTIMATED = 8;
/** As protocol/matroska.py; a larger one is none of ours. */
const CONTENT_MAX_BYTES = 4 << 20;

export interface LiveBlock {
  track: number;
  codec: number;
  /** It can be decoded without what came before. */
  alone: boolean;
  /** It is the first of a segment. */
  begins: boolean;
  /** Something before it was dropped for this viewer. */
  afterLoss: boolean;
  /** The unit's clock has no part in `takenMs`: it tells no delay. */
  estimated: boolean;
  number: number;
  /** When it was taken, on the gateway's clock. */
  takenMs: number;
  receivedMs: number;
  content: Uint8Array<ArrayBuffer>;
}

export type Mode = "full" | "stills" | "sound" | "off";

export interface SoundHead {
  rate_hz: number;
  /** Of one ADPCM block; missing: a packet is one block. */
  block_bytes?: number | null;
}

export interface LiveState {
  now_ms: number;
  mode: Mode;
  why: string | null;
  bytes_s: number;
  viewers: string[];
  /** For this viewer, since it connected. */
  dropped: number;
  last_picture_ms: number | null;
  last_sound_ms: number | null;
  recording: string | null;
}

export type LiveMessage =
  | { t: "hello"; unit: string; now_ms: number }
  | { t: "head"; sound: SoundHead | null; picture: { width: number; height: number } | null }
  | ({ t: "state" } & LiveState)
  | { t: "pong"; n: number; now_ms: number }
  | { t: "refused"; what: string; why: string };

export interface Want {
  mode: Exclude<Mode, "off">;
  fps: number | null;
  codec: "jpeg" | "h264";
  height: number | null;
}

/** Null: nothing that this page knows. */
export function readBlock(data: ArrayBuffer): LiveBlock | null {
  if (data.byteLength < HEAD_BYTES || data.byteLength > HEAD_BYTES + CONTENT_MAX_BYTES) return null;
  const view = new DataView(data);
  const [takenMs, receivedMs] = [view.getFloat64(8), view.getFloat64(16)];
  if (view.getUint8(0) !== BLOCK || !Number.isFinite(takenMs) || !Number.isFinite(receivedMs)) return null;
  const flags = view.getUint8(3);
  return {
    track: view.getUint8(1), codec: view.getUint8(2), alone: (flags & ALONE) !== 0, begins: (flags & BEGINS) !== 0, afterLoss: (flags & AFTER_LOSS) !== 0, estimated: (flags & ESTIMATED) !== 0,
    number: view.getUint32(4), takenMs, receivedMs, content: new Uint8Array(data, HEAD_BYTES),
  };
}

/** Null: no JSON of ours; a newer gateway may say more than this page knows. */
export function readMessage(text: string): LiveMessage | null {
  try {
    const said = JSON.parse(text) as LiveMessage | null;
    return said !== null && typeof said === "object" && typeof said.t === "string" ? said : null;
  } catch {
    return null;
  }
}
