import { PICTURE, POSITION, SOUND } from "./blocks";
import type { Timed } from "./source";

/** So much that has been shown is kept, to go back a frame at once. */
export const BEHIND_MS = 4000;
export const MOST_BYTES = 48 << 20;
const MOST_BLOCKS = 20_000;
/** A picture that is older than this is not what was to be seen at a moment. */
export const PICTURE_HOLDS_MS = 3000;
/** Beside its content. */
const BLOCK_BYTES = 200;

/** Some seconds of blocks about the moment that is shown; bounded in bytes and in number. */
export class BlockWindow {
  private readonly tracks = new Map<number, Timed[]>([[PICTURE, []], [SOUND, []], [POSITION, []]]);
  private bytes = 0;
  private count = 0;
  /** Up to here everything that there is has been read. */
  readMs = -Infinity;

  get full(): boolean {
    return this.bytes >= MOST_BYTES || this.count >= MOST_BLOCKS;
  }

  add(blocks: readonly Timed[]): void {
    for (const block of blocks) {
      const track = this.tracks.get(block.track);
      if (!track) continue;
      const at = (track.at(-1)?.atMs ?? -Infinity) <= block.atMs ? track.length : after(track, block.atMs);
      track.splice(at, 0, block);
      this.bytes += block.content.length + BLOCK_BYTES;
      this.count += 1;
      this.readMs = Math.max(this.readMs, block.atMs);
    }
  }

  clear(): void {
    for (const track of this.tracks.values()) track.length = 0;
    [this.bytes, this.count, this.readMs] = [0, 0, -Infinity];
  }

  /** Forget what lies far behind a moment. */
  trim(atMs: number): void {
    for (const track of this.tracks.values()) {
      const first = after(track, atMs - (this.full ? 0 : BEHIND_MS));
      // The picture that stands is kept.
      for (const block of track.splice(0, Math.max(0, first - 1))) {
        this.bytes -= block.content.length + BLOCK_BYTES;
        this.count -= 1;
      }
    }
  }

  /** The picture that is to be seen at a moment; null: none was taken shortly before. */
  pictureAt(atMs: number): Timed | null {
    const track = this.pictures;
    const found = track[after(track, atMs) - 1];
    return found && atMs - found.atMs <= PICTURE_HOLDS_MS ? found : null;
  }

  pictureBefore(atMs: number): Timed | null {
    return this.pictures[before(this.pictures, atMs) - 1] ?? null;
  }

  /** At most `most` pictures that follow a moment. */
  picturesAfter(atMs: number, most: number): Timed[] {
    const first = after(this.pictures, atMs);
    return this.pictures.slice(first, first + most);
  }

  soundsBetween(fromMs: number, toMs: number): Timed[] {
    const track = this.tracks.get(SOUND) ?? [];
    return track.slice(before(track, fromMs), before(track, toMs));
  }

  /** The line of the position track. */
  lineAt(atMs: number): Timed | null {
    const track = this.tracks.get(POSITION) ?? [];
    const found = track[after(track, atMs) - 1];
    return found && atMs - found.atMs <= PICTURE_HOLDS_MS ? found : null;
  }

  /** When the next picture or packet of sound after a moment is; null: none that has been read. */
  nextMs(atMs: number): number | null {
    const next = [PICTURE, SOUND].map((number) => {
      const track = this.tracks.get(number) ?? [];
      return track[after(track, atMs)]?.atMs ?? Infinity;
    });
    const least = Math.min(...next);
    return least === Infinity ? null : least;
  }

  private get pictures(): Timed[] {
    return this.tracks.get(PICTURE) ?? [];
  }
}

/** How many of a track are not after a moment. */
function after(track: readonly Timed[], atMs: number): number {
  return place(track, (block) => block.atMs <= atMs);
}

/** How many of a track are before a moment. */
function before(track: readonly Timed[], atMs: number): number {
  return place(track, (block) => block.atMs < atMs);
}

function place(track: readonly Timed[], is: (block: Timed) => boolean): number {
  let [low, high] = [0, track.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const block = track[middle];
    if (block && is(block)) low = middle + 1;
    else high = middle;
  }
  return low;
}
