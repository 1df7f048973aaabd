/** Taps on each side of a sample at the lower rate, and places between two samples for which they are kept. */
const LOBES = 12;
const PHASES = 64;
/** Of half the lower rate: what is above is taken away, or it would come back as a whistle. */
const PASS = 0.92;

/** Any rate to a lower or equal one, as it comes: a windowed sinc, evaluated where the new samples lie. */
export class Resampler {
  private readonly step: number;
  private readonly reach: number;
  private readonly taps: Float32Array;
  private held: Float32Array;
  private count = 0;
  private at = 0;

  constructor(fromHz: number, toHz: number) {
    this.step = fromHz / toHz;
    this.reach = Math.ceil(LOBES * this.step);
    const width = 2 * this.reach;
    this.taps = new Float32Array((PHASES + 1) * width);
    for (let phase = 0; phase <= PHASES; phase += 1) {
      let sum = 0;
      for (let k = 0; k < width; k += 1) {
        const x = k + 1 - this.reach - phase / PHASES;
        const window = Math.abs(x) < this.reach ? 0.5 + 0.5 * Math.cos((Math.PI * x) / this.reach) : 0;
        const y = (x / this.step) * PASS;
        const tap = (y === 0 ? 1 : Math.sin(Math.PI * y) / (Math.PI * y)) * window;
        this.taps[phase * width + k] = tap;
        sum += tap;
      }
      for (let k = 0; k < width; k += 1) this.taps[phase * width + k] = (this.taps[phase * width + k] ?? 0) / sum;
    }
    this.held = new Float32Array(width + 16384);
    this.count = this.reach - 1;
    this.at = this.reach - 1;
  }

  /** At most 8,192 samples at a time. Each new one is given away at once; none is kept for later. */
  push(samples: Float32Array, give: (sample: number) => void): void {
    this.held.set(samples, this.count);
    this.count += samples.length;
    const width = 2 * this.reach;
    for (; Math.floor(this.at) + this.reach < this.count; this.at += this.step) {
      const first = Math.floor(this.at);
      const phase = Math.round((this.at - first) * PHASES) * width;
      let sum = 0;
      for (let k = 0; k < width; k += 1) sum += (this.held[first + 1 - this.reach + k] ?? 0) * (this.taps[phase + k] ?? 0);
      give(sum);
    }
    const past = Math.max(0, Math.floor(this.at) + 1 - this.reach);
    this.held.copyWithin(0, past, this.count);
    this.count -= past;
    this.at -= past;
  }
}
