import { BASE, recordingPath } from "../api";
import { type RecordingDetail, type Segment, stateOfRecording } from "../recording";
import { type Block, BlockReader, clusterTimeMs, findCluster, type Head, NotOurs } from "./blocks";
import { type Laid, laidAt, laidOut, type Learned } from "./line";
import type { BlockSource, Step, Timed } from "./source";

const PIECE_BYTES = 1 << 18;
const HEAD_BYTES = 4096;
/** To find a moment in a file: so much is read at a place that is guessed, and so often. */
const PROBE_BYTES = 1 << 17;
const PROBES_MAX = 10;
/** The picture that stands at a moment was taken before it. */
const EARLIER_MS = 1500;
/** From a cluster that is this near before a moment it is read on, not looked for. */
const NEAR_MS = 3000;
/** A block so far behind its segment's end is not of it; a segment that grows has no end yet. */
const BEYOND_MS = 10_000;
const GROWING_MAX_MS = 7_200_000;
const TIMEOUT_MS = 20_000;

class Unreadable extends Error {}

/** Reads the master files of a recording by ranges, from any moment on, and across its segments. */
export class RecordingSource implements BlockSource {
  private readonly learned = new Map<number, Learned>();
  private readonly heads = new Map<number, Head>();
  private line: Laid[] = [];
  private goal: number | null = 0;
  private current: { number: number; reader: BlockReader; at: number } | null = null;
  private generation = 0;
  private stop = new AbortController();
  private readonly told = new Set<string>();

  /** `nowMs`: the gateway's clock, by which a unit has been silent for long. */
  constructor(private detail: RecordingDetail, private readonly onLine: (line: Laid[]) => void, private readonly nowMs: () => number) {
    this.update(detail);
  }

  /** What is known of the recording by now. */
  update(detail: RecordingDetail): void {
    this.detail = detail;
    this.lay();
  }

  seek(atMs: number): void {
    this.goal = Math.max(0, atMs);
    this.generation += 1;
    this.stop.abort();
    this.stop = new AbortController();
  }

  close(): void {
    this.generation += 1;
    this.stop.abort();
  }

  async next(): Promise<Step> {
    const generation = this.generation;
    try {
      if (this.goal !== null) {
        const goal = this.goal;
        const begun = await this.begin(goal);
        if (generation !== this.generation) return { kind: "blocks", blocks: [] };
        this.goal = null;
        this.current = begun;
      }
      return await this.read(generation);
    } catch (error) {
      if (generation !== this.generation) return { kind: "blocks", blocks: [] };
      const number = this.current?.number ?? laidAt(this.line, this.goal ?? 0)?.part.number ?? 0;
      if (error instanceof NotOurs) return this.leave(number, "broken");
      if (error instanceof Unreadable) return { kind: "fault", why: "unreadable", part: number };
      throw error;
    }
  }

  private async read(generation: number): Promise<Step> {
    const current = this.current;
    const laid = current && this.line.find((one) => one.part.number === current.number);
    if (!current || !laid) return { kind: this.more ? "wait" : "end" };
    const part = laid.part;
    if (current.reader.fault) return this.leave(part.number, "broken");
    if (part.foreign || part.state === "deleted") return this.leave(part.number, part.foreign ? "foreign" : null);
    const range = presentFrom(part, current.at);
    if (!range) return this.after(laid);
    if (range.start > current.at) {
      current.reader.skipTo(range.start);
      current.at = range.start;
    }
    const data = await this.fetch(part, current.at, Math.min(range.end, current.at + PIECE_BYTES));
    if (generation !== this.generation) return { kind: "blocks", blocks: [] };
    current.at += data.length;
    const blocks = current.reader.feed(data);
    if (current.reader.head) this.heads.set(part.number, current.reader.head);
    return { kind: "blocks", blocks: this.timed(laid, blocks) };
  }

  /** Nothing more of this segment is there. */
  private after(laid: Laid): Step {
    const next = this.line[this.line.indexOf(laid) + 1];
    if (next) {
      this.current = { number: next.part.number, reader: new BlockReader(), at: 0 };
      return { kind: "blocks", blocks: [] };
    }
    return { kind: this.more && !(this.detail.ended && laid.part.state === "sealed") ? "wait" : "end" };
  }

  /** Whether something may still come. */
  private get more(): boolean {
    const state = stateOfRecording(this.detail, this.nowMs());
    return state === "recording" || state === "wanted";
  }

  /** A segment that cannot be played is left for the next one, and told once. */
  private leave(number: number, why: "broken" | "foreign" | null): Step {
    const at = this.line.findIndex((one) => one.part.number === number);
    const next = this.line[at + 1];
    this.goal = null;
    this.current = next ? { number: next.part.number, reader: new BlockReader(), at: 0 } : null;
    const key = `${number}/${why}`;
    if (why === null || this.told.has(key)) return { kind: "blocks", blocks: [] };
    this.told.add(key);
    return { kind: "fault", why, part: number };
  }

  private timed(laid: Laid, blocks: Block[]): Timed[] {
    const number = laid.part.number;
    const head = this.heads.get(number) ?? null;
    const measured = laid.part.last_mono_ms !== null;
    const mostMs = measured ? laid.toMs - laid.fromMs + BEYOND_MS : GROWING_MAX_MS;
    const lastMs = blocks.reduce((most, block) => Math.max(most, block.timeMs), 0);
    if (blocks.some((block) => block.timeMs < 0 || block.timeMs > mostMs)) throw new NotOurs("a block of another time");
    const known = this.learned.get(number);
    if (blocks.length > 0 && (!known || lastMs > known.lastMs)) {
      this.learned.set(number, { lastMs: Math.max(lastMs, known?.lastMs ?? 0), utcMs: head?.utcMs ?? known?.utcMs ?? null });
      if (!measured) this.lay();
    }
    return blocks.map((block) => ({ ...block, atMs: laid.fromMs + block.timeMs, part: number, head }));
  }

  private lay(): void {
    this.line = laidOut(this.detail.parts, this.learned);
    this.onLine(this.line);
  }

  /** A reader that stands a little before a moment. */
  private async begin(atMs: number): Promise<{ number: number; reader: BlockReader; at: number } | null> {
    const laid = laidAt(this.line, Math.max(0, atMs - EARLIER_MS));
    if (!laid) return null;
    const part = laid.part;
    const number = part.number;
    const wantedMs = atMs - EARLIER_MS - laid.fromMs;
    const fresh = { number, reader: new BlockReader(), at: 0 };
    if (part.foreign || part.state === "deleted" || wantedMs <= NEAR_MS || !presentFrom(part, 0)) return fresh;
    await this.readHead(part);
    const place = await this.locate(part, wantedMs, laid.toMs - laid.fromMs);
    if (place === 0) return fresh;
    const reader = new BlockReader(place);
    reader.head = this.heads.get(number) ?? null;
    return { number, reader, at: place };
  }

  /** How its sound is coded stands at the file's beginning alone. */
  private async readHead(part: Segment): Promise<void> {
    if (this.heads.has(part.number)) return;
    const range = presentFrom(part, 0);
    if (!range || range.start > 0) return;
    const reader = new BlockReader();
    reader.feed(await this.fetch(part, 0, Math.min(range.end, HEAD_BYTES)));
    if (reader.head) this.heads.set(part.number, reader.head);
  }

  /** Where a cluster begins that is not after a moment and near to it, by guesses that close in; 0: the file's beginning. */
  private async locate(part: Segment, wantedMs: number, lengthMs: number): Promise<number> {
    const size = part.size ?? part.ranges.at(-1)?.end ?? 0;
    let [low, lowMs] = [0, 0];
    let [high, highMs] = [size, Math.max(lengthMs, wantedMs + 1)];
    for (let probe = 0; probe < PROBES_MAX && wantedMs - lowMs > NEAR_MS && high - low > PROBE_BYTES; probe += 1) {
      const share = Math.min(0.98, Math.max(0.02, (wantedMs - lowMs - NEAR_MS / 3) / Math.max(1, highMs - lowMs)));
      const range = presentFrom(part, Math.floor(low + share * (high - low)));
      if (!range || range.start >= high) {
        high = Math.floor(low + share * (high - low));
        continue;
      }
      const data = await this.fetch(part, range.start, Math.min(range.end, range.start + PROBE_BYTES));
      const found = findCluster(data);
      const foundMs = found < 0 ? Infinity : clusterTimeMs(data, found);
      if (foundMs <= wantedMs && range.start + found > low) [low, lowMs] = [range.start + found, foundMs];
      else {
        high = range.start;
        if (found >= 0) highMs = Math.max(lowMs + 1, foundMs);
      }
    }
    return low;
  }

  /** Bytes from `start` up to, but not with, `end`. Raises Unreadable. */
  private async fetch(part: Segment, start: number, end: number): Promise<Uint8Array> {
    let answer: Response;
    try {
      answer = await fetch(`${BASE}${recordingPath(this.detail)}/segments/${part.number}`, {
        headers: { Range: `bytes=${start}-${end - 1}` }, credentials: "same-origin",
        signal: AbortSignal.any([this.stop.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      if (answer.status !== 206) throw new Unreadable(String(answer.status));
      const data = new Uint8Array(await answer.arrayBuffer());
      if (data.length !== end - start) throw new Unreadable("not what was asked for");
      return data;
    } catch {
      throw new Unreadable("no answer");
    }
  }
}

/** The bytes that are there from `at` on, or behind the hole in which it lies; null: none. */
export function presentFrom(part: Segment, at: number): { start: number; end: number } | null {
  let found: { start: number; end: number } | null = null;
  for (const range of part.ranges) {
    if (range.how === "missing") {
      if (found) break;
    } else if (found) found.end = range.end;
    else if (range.end > at) found = { start: Math.max(at, range.start), end: range.end };
  }
  return found;
}
