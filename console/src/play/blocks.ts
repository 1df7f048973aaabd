/**
 * Pictures, sound and lines out of a segment's file (docs/wire.md, "Recordings"), in the browser: the same rules as
 * protocol/blocks.py. What is cut off is waited for, what no writer of ours makes is refused, and every size is bounded.
 */

export const PICTURE = 1;
export const SOUND = 2;
export const POSITION = 3;

export const PCM = 1;
export const A_LAW = 6;
export const IMA_ADPCM = 0x11;

const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TRACKS = 0x1654ae6b;
const TAGS = 0x1254c367;
const CLUSTER = 0x1f43b675;
const CLUSTER_TIME = 0xe7;
const SIMPLE_BLOCK = 0xa3;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;
const VOID = 0xec;

export const MAX_BLOCK_BYTES = 4 << 20;
const MAX_HEAD_BYTES = 16_384;
const UNKNOWN = -1;
const MS_1970_TO_2001 = 978_307_200_000;
/** A cluster as the unit writes it, up to its time: of unknown size, its time in four bytes. */
const CLUSTER_SIGN = [0x1f, 0x43, 0xb6, 0x75, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe7, 0x84];
const CLUSTER_HEAD_BYTES = CLUSTER_SIGN.length + 4;
/** After a hole a block still counts from the cluster before it only if it follows so soon: a unit begins a cluster a second. */
const SAME_CLUSTER_MS = 250;
/** What has to be there to judge what stands behind a hole. */
const BLOCK_START_BYTES = 13;

export interface Block {
  track: number;
  /** Since the segment's first block. */
  timeMs: number;
  content: Uint8Array<ArrayBuffer>;
  /** Where its element begins in the file. */
  at: number;
}

/** What the file says of itself. */
export interface Head {
  width: number;
  height: number;
  /** PCM, A_LAW or IMA_ADPCM; 0: no sound. */
  sound: number;
  rateHz: number;
  /** Of one ADPCM block. */
  blockBytes: number;
  /** Of the first block; null: the unit did not know the time. */
  utcMs: number | null;
}

/** Bytes that no unit of ours writes. */
export class NotOurs extends Error {}

interface Element {
  id: number;
  size: number;
  inside: number;
}

export class BlockReader {
  private pending: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  private base: number;
  private clusterMs = -1;
  private relativeMs = 0;
  private begun: boolean;
  private searching: boolean;
  head: Head | null = null;
  /** What is wrong with the bytes that follow: what stood before them is whole. It is not to be fed any more then. */
  fault: NotOurs | null = null;

  /** `at`: the file's beginning, or any place in it: then it goes on at the next cluster. */
  constructor(at = 0) {
    this.base = at;
    this.begun = at > 0;
    this.searching = at > 0;
  }

  /** The blocks that are whole with `data`, in the order of the file. */
  feed(data: Uint8Array): Block[] {
    const joined = new Uint8Array(this.pending.length + data.length);
    joined.set(this.pending);
    joined.set(data, this.pending.length);
    this.pending = joined;
    const found: Block[] = [];
    let at = 0;
    try {
      for (let after: number | null = 0; after !== null; after = this.searching ? this.search(at) : this.element(at, found)) at = after;
    } catch (error) {
      if (!(error instanceof NotOurs)) throw error;
      this.fault = error;
    }
    this.pending = this.pending.slice(at);
    this.base += at;
    return found;
  }

  /** Bytes up to `at` have not arrived: go on behind them. */
  skipTo(at: number): void {
    this.pending = new Uint8Array(0);
    this.base = at;
    this.begun = true;
    this.searching = true;
  }

  /** Where it may go on: right here if a cluster, or a block of the cluster before, begins here; else at the next cluster. */
  private search(at: number): number | null {
    if (this.pending.length - at < BLOCK_START_BYTES) return null;
    if (this.followsOn(at)) {
      this.searching = false;
      return at;
    }
    const found = findCluster(this.pending, at);
    if (found >= 0) {
      this.searching = false;
      return found;
    }
    // No block counts from the old cluster any more.
    this.clusterMs = -1;
    const kept = this.pending.length - CLUSTER_HEAD_BYTES + 1;
    return kept > at ? kept : null;
  }

  private followsOn(at: number): boolean {
    const view = this.pending;
    if (this.clusterMs < 0 || view[at] !== SIMPLE_BLOCK || ((view[at + 1] ?? 0) & 0xf0) !== 0x10) return false;
    const track = (view[at + 5] ?? 0) & 0x7f;
    const relativeMs = signed16(view, at + 6);
    return track >= PICTURE && track <= POSITION && relativeMs >= this.relativeMs && relativeMs - this.relativeMs <= SAME_CLUSTER_MS;
  }

  /** Where what follows the element begins; null when it is not all there. */
  private element(at: number, found: Block[]): number | null {
    const element = this.open(at);
    if (!element) return null;
    const { id, size, inside } = element;
    if (!this.begun) {
      if (id !== EBML) throw new NotOurs("it does not begin as a Matroska file");
      this.begun = true;
    }
    if (id === CLUSTER) return this.cluster(at, inside);
    if (id === SEGMENT) return inside;
    if (size === UNKNOWN) throw new NotOurs(`byte ${this.base + at}: an element without a size`);
    const end = inside + size;
    if (id === SIMPLE_BLOCK || id === BLOCK_GROUP) {
      if (size > MAX_BLOCK_BYTES + 32) throw new NotOurs(`byte ${this.base + at}: a block of ${size} bytes`);
      if (end > this.pending.length) return null;
      found.push(this.block(id, at, inside, end));
      return end;
    }
    if (![EBML, INFO, TRACKS, TAGS, VOID].includes(id)) throw new NotOurs(`byte ${this.base + at}: element ${id.toString(16)}`);
    if (size > MAX_HEAD_BYTES) throw new NotOurs(`byte ${this.base + at}: element ${id.toString(16)} of ${size} bytes`);
    if (end > this.pending.length) return null;
    if (id === INFO || id === TRACKS) this.head = readHead(id, this.pending.subarray(inside, end), this.head);
    return end;
  }

  private cluster(at: number, inside: number): number | null {
    const time = this.open(inside);
    if (!time) return null;
    if (time.id !== CLUSTER_TIME || time.size < 1 || time.size > 8) throw new NotOurs(`byte ${this.base + at}: a cluster without its time`);
    const end = time.inside + time.size;
    if (end > this.pending.length) return null;
    this.clusterMs = unsigned(this.pending, time.inside, time.size);
    this.relativeMs = 0;
    return end;
  }

  private block(id: number, at: number, inside: number, groupEnd: number): Block {
    if (this.clusterMs < 0) throw new NotOurs(`byte ${this.base + at}: a block before the first cluster`);
    let [from, end] = [inside, groupEnd];
    if (id === BLOCK_GROUP) {
      const inner = this.open(inside);
      if (!inner || inner.id !== BLOCK || inner.size < 0 || inner.inside + inner.size > groupEnd) throw new NotOurs(`byte ${this.base + at}: a group without its block`);
      [from, end] = [inner.inside, inner.inside + inner.size];
    }
    const view = this.pending;
    const first = view[from] ?? 0;
    if (end - from < 4 || (first & 0x80) === 0) throw new NotOurs(`byte ${this.base + at}: a block without a track`);
    this.relativeMs = signed16(view, from + 1);
    return { track: first & 0x7f, timeMs: this.clusterMs + this.relativeMs, content: view.slice(from + 4, end), at: this.base + at };
  }

  private open(at: number): Element | null {
    return openElement(this.pending, at, this.base);
  }
}

/** Where the next cluster of ours begins, head and all; -1: none that is whole. */
export function findCluster(data: Uint8Array, from = 0): number {
  for (let at = from; ; at += 1) {
    at = data.indexOf(CLUSTER_SIGN[0] ?? 0, at);
    if (at < 0 || at + CLUSTER_HEAD_BYTES > data.length) return -1;
    if (CLUSTER_SIGN.every((byte, i) => data[at + i] === byte)) return at;
  }
}

/** The time of the cluster that `findCluster` found. */
export function clusterTimeMs(data: Uint8Array, at: number): number {
  return unsigned(data, at + CLUSTER_SIGN.length, 4);
}

function openElement(view: Uint8Array, at: number, base = 0): Element | null {
  const first = view[at];
  if (first === undefined) return null;
  const idBytes = Math.clz32(first) - 23;
  if (idBytes > 4) throw new NotOurs(`byte ${base + at}: no element begins here`);
  const sizeAt = at + idBytes;
  const lead = view[sizeAt];
  if (lead === undefined) return null;
  const sizeBytes = Math.clz32(lead) - 23;
  if (sizeBytes > 8) throw new NotOurs(`byte ${base + at}: a size has at most 8 bytes`);
  const inside = sizeAt + sizeBytes;
  if (inside > view.length) return null;
  let size = lead & (0x7f >> (sizeBytes - 1));
  let ones = size === 0x7f >> (sizeBytes - 1);
  for (let i = sizeAt + 1; i < inside; i += 1) {
    size = size * 256 + (view[i] ?? 0);
    ones &&= view[i] === 0xff;
  }
  return { id: unsigned(view, at, idBytes), size: ones ? UNKNOWN : size, inside };
}

function unsigned(view: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let i = at; i < at + bytes; i += 1) value = value * 256 + (view[i] ?? 0);
  return value;
}

function signed16(view: Uint8Array, at: number): number {
  const value = unsigned(view, at, 2);
  return value >= 0x8000 ? value - 0x10000 : value;
}

function children(data: Uint8Array): [number, Uint8Array][] {
  const found: [number, Uint8Array][] = [];
  for (let at = 0; at < data.length; ) {
    const element = openElement(data, at);
    if (!element || element.size < 0 || element.inside + element.size > data.length) throw new NotOurs("an element is longer than what it is in");
    found.push([element.id, data.subarray(element.inside, element.inside + element.size)]);
    at = element.inside + element.size;
  }
  return found;
}

function readHead(id: number, data: Uint8Array, before: Head | null): Head {
  const head: Head = before ?? { width: 0, height: 0, sound: 0, rateHz: 0, blockBytes: 0, utcMs: null };
  for (const [child, content] of children(data)) {
    if (id === INFO && child === 0x4461 && content.length === 8) {
      head.utcMs = MS_1970_TO_2001 + Math.round(Number(view64(content).getBigInt64(0)) / 1e6);
    } else if (id === TRACKS && child === 0xae) readTrack(content, head);
  }
  return head;
}

function readTrack(data: Uint8Array, head: Head): void {
  const parts = new Map(children(data));
  const number = parts.get(0xd7);
  const codec = new TextDecoder().decode(parts.get(0x86));
  const audio = new Map(children(parts.get(0xe1) ?? new Uint8Array(0)));
  const video = new Map(children(parts.get(0xe0) ?? new Uint8Array(0)));
  if (number?.[0] === PICTURE && codec === "V_MJPEG") {
    head.width = whole(video.get(0xb0));
    head.height = whole(video.get(0xba));
  } else if (number?.[0] === SOUND) {
    const rate = audio.get(0xb5);
    const wave = parts.get(0x63a2);
    if (rate?.length === 8) head.rateHz = view64(rate).getFloat64(0);
    if (codec === "A_PCM/INT/LIT" && whole(audio.get(0x6264)) === 16) head.sound = PCM;
    else if (codec === "A_MS/ACM" && wave && wave.length >= 16) {
      const tag = (wave[0] ?? 0) | ((wave[1] ?? 0) << 8);
      head.blockBytes = (wave[12] ?? 0) | ((wave[13] ?? 0) << 8);
      if (tag === A_LAW || (tag === IMA_ADPCM && head.blockBytes > 4)) head.sound = tag;
    }
    if (!(head.rateHz >= 4000 && head.rateHz <= 96_000)) head.sound = 0;
  }
}

function whole(data: Uint8Array | undefined): number {
  return data && data.length <= 4 ? unsigned(data, 0, data.length) : 0;
}

function view64(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, 8);
}
