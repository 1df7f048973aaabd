/** Less is not waited for before sound begins, or begins again. */
export const START_MS = 60;
/** What stays in hand when the next packet comes: less breaks off too easily, more is delay. */
const MARGIN_LEAST_MS = 20;
const MARGIN_MOST_MS = 240;
/** After each break a little more is kept in hand, and given up again while it runs smoothly. */
const MARGIN_STEP_MS = 15;
const MARGIN_BACK_MS = 0.5;
/** The level is judged so often. */
const JUDGED_MS = 500;
const TOLERANCE_MS = 5;
/** So much too much is skipped when it is judged; so much at once. Less is caught up with by playing a little faster. */
const SKIP_MS = 120;
const SKIP_NOW_MS = 400;
const FASTER_MOST = 0.03;
const SLOWER_MOST = 0.02;
/** What is off is made good in so long, if that is not too fast. */
const MADE_GOOD_MS = 1000;
/** Times of packets are whole milliseconds: what is off by less follows without a seam. */
const SEAM_MS = 15;
/** A longer hole is a new beginning. */
const HOLE_MS = 1000;
const HELD_MS = 3000;
const FADE_MS = 3;

/** What a listener needs to know to draw pictures at the moment of their sound. */
export interface Heard {
  /** Source time of what is handed to the loudspeaker now; null: silence. */
  mediaMs: number | null;
  /** Source milliseconds for one of the loudspeaker. */
  speed: number;
  /** Not yet played. */
  levelMs: number;
  breaks: number;
  skips: number;
}

/**
 * Sound of a unit on the clock of the loudspeaker: a small buffer that grows when packets come unevenly, shrinks when they
 * do not, and never lets old sound pile up. It has no clock of its own and no browser: whoever has the loudspeaker pulls.
 */
export class Ring {
  /** Pictures come later than sound: so much more is held back (ms). */
  holdMs = 0;
  private readonly samples: Float32Array;
  private readonly perMs: number;
  private readonly step: number;
  private end = 0;
  private read = 0;
  private endMs = 0;
  private begun = false;
  private playing = false;
  private marginMs = MARGIN_LEAST_MS;
  private lowMs = Infinity;
  private pulledMs = 0;
  private speed = 1;
  private fade = 0;
  private last = 0;
  private breaks = 0;
  private skips = 0;

  private readonly outHz: number;

  constructor(rateHz: number, outHz: number) {
    this.outHz = outHz;
    this.perMs = rateHz / 1000;
    this.step = rateHz / outHz;
    this.samples = new Float32Array(Math.ceil(HELD_MS * this.perMs) + 4);
  }

  /** A packet that was taken at `takenMs`. */
  push(takenMs: number, packet: Float32Array): void {
    let gapMs = takenMs - this.endMs;
    if (!this.begun || Math.abs(gapMs) > HOLE_MS) {
      this.begun = true;
      this.playing = false;
      this.read = this.end;
      this.lowMs = Infinity;
      gapMs = 0;
    }
    let from = 0;
    if (gapMs > SEAM_MS) this.append(new Float32Array(Math.round(gapMs * this.perMs)), 0);
    else if (gapMs < -SEAM_MS) from = Math.round(-gapMs * this.perMs);
    if (from >= packet.length) return;
    if (this.playing) this.lowMs = Math.min(this.lowMs, this.levelMs);
    this.append(packet, from);
    this.endMs = takenMs + packet.length / this.perMs;
    const most = this.playing ? this.targetMs + SKIP_NOW_MS : HELD_MS;
    if (this.levelMs > most) this.skip(this.levelMs - this.targetMs - START_MS);
  }

  /** The next samples for the loudspeaker. */
  pull(out: Float32Array): void {
    const enoughMs = START_MS + this.targetMs - MARGIN_LEAST_MS;
    if (!this.playing && this.begun && this.levelMs >= enoughMs) {
      this.playing = true;
      this.fade = 0;
      if (this.levelMs > enoughMs + SKIP_MS) this.skip(this.levelMs - enoughMs);
    }
    const fadeBy = 1000 / (FADE_MS * this.outHz);
    for (let i = 0; i < out.length; i += 1) {
      if (this.playing && this.read + 2 >= this.end) this.breakOff();
      if (this.playing) {
        this.fade = Math.min(1, this.fade + fadeBy);
        this.last = this.at(this.read) * this.fade;
        this.read += this.step * this.speed;
      } else this.last *= 0.98;
      out[i] = this.last;
    }
    this.pulledMs += (out.length * 1000) / this.outHz;
    if (this.pulledMs >= JUDGED_MS) this.judge();
  }

  get heard(): Heard {
    return { mediaMs: this.playing ? this.endMs - this.levelMs : null, speed: this.speed, levelMs: this.levelMs, breaks: this.breaks, skips: this.skips };
  }

  private get levelMs(): number {
    return (this.end - this.read) / this.perMs;
  }

  private get targetMs(): number {
    return Math.max(this.marginMs, Math.min(this.holdMs, MARGIN_MOST_MS));
  }

  /** Now and then: what was left when the next packet came says whether too much is held, or too little. */
  private judge(): void {
    this.pulledMs = 0;
    const overMs = this.lowMs - this.targetMs;
    if (!this.playing || this.lowMs === Infinity) this.speed = 1;
    else if (overMs > SKIP_MS) this.skip(overMs);
    else this.speed = Math.abs(overMs) > TOLERANCE_MS ? 1 + Math.max(-SLOWER_MOST, Math.min(FASTER_MOST, overMs / MADE_GOOD_MS)) : 1;
    if (this.playing && this.lowMs !== Infinity) this.marginMs = Math.max(MARGIN_LEAST_MS, this.marginMs - MARGIN_BACK_MS);
    this.lowMs = Infinity;
  }

  private breakOff(): void {
    this.playing = false;
    this.breaks += 1;
    this.marginMs = Math.min(MARGIN_MOST_MS, this.marginMs + MARGIN_STEP_MS);
    this.lowMs = Infinity;
    this.speed = 1;
  }

  private skip(ms: number): void {
    this.read = Math.min(this.end, this.read + Math.max(0, ms) * this.perMs);
    this.skips += 1;
    this.fade = 0;
    this.lowMs = Infinity;
    this.speed = 1;
  }

  private append(packet: Float32Array, from: number): void {
    const { samples } = this;
    const most = samples.length - 4;
    const first = Math.max(from, packet.length - most);
    for (let i = first; i < packet.length; i += 1) samples[(this.end + i - first) % samples.length] = packet[i] ?? 0;
    this.end += packet.length - first;
    if (this.end - this.read > most) this.read = this.end - most;
  }

  /** Between samples, by a cubic of the four around. */
  private at(place: number): number {
    const first = Math.floor(place);
    const t = place - first;
    const n = this.samples.length;
    const [a, b, c, d] = [this.samples[(first + n - 1) % n] ?? 0, this.samples[first % n] ?? 0, this.samples[(first + 1) % n] ?? 0, this.samples[(first + 2) % n] ?? 0];
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  }
}
