/** A browser that has not started its sound by then will not. */
const START_MS = 1500;
/** An audio clock that stands still for so long has lost its device. */
const STILL_MS = 1500;

/**
 * What moment is to be seen and heard. It runs by the clock of the sound's device, so that picture and sound cannot drift
 * apart; without one, by the browser's own.
 */
export class PlayClock {
  private mediaMs = 0;
  private anchorMs = 0;
  private running = false;
  private audible = false;
  private moved = { atS: 0, ms: 0 };
  private context: AudioContext | null = null;
  rate = 1;

  /** Whether the browser lets sound out. */
  get hasSound(): boolean {
    return this.audible;
  }

  /** Ask the browser for its sound: it takes a moment, and may refuse. */
  async wake(context: AudioContext | null): Promise<void> {
    if (!context) return;
    this.context = context;
    await Promise.race([context.resume().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, START_MS))]);
    this.hear(context.state === "running");
  }

  start(mediaMs: number, leadMs = 0): void {
    this.mediaMs = mediaMs;
    this.anchorMs = this.sourceMs() + leadMs;
    this.running = true;
    this.moved = { atS: -1, ms: performance.now() };
  }

  halt(): void {
    this.mediaMs = this.scheduledMs;
    this.running = false;
  }

  /** The moment that is handed to the sound's device now. */
  get scheduledMs(): number {
    return this.running ? this.mediaMs + Math.max(0, this.sourceMs() - this.anchorMs) * this.rate : this.mediaMs;
  }

  /** The moment that is heard now, and so is to be seen. */
  get atMs(): number {
    const lateMs = this.running && this.audible ? (this.context?.outputLatency || this.context?.baseLatency || 0) * 1000 : 0;
    return this.running ? this.mediaMs + Math.max(0, this.sourceMs() - lateMs - this.anchorMs) * this.rate : this.mediaMs;
  }

  /** When a moment is handed to the device, by the device's clock. */
  whenS(mediaMs: number): number {
    return (this.anchorMs + (mediaMs - this.mediaMs) / this.rate) / 1000;
  }

  /** Notice a device that has gone: then it runs on without it. */
  watch(): void {
    if (!this.running || !this.audible || !this.context) return;
    const nowMs = performance.now();
    if (this.context.currentTime !== this.moved.atS) this.moved = { atS: this.context.currentTime, ms: nowMs };
    else if (nowMs - this.moved.ms > STILL_MS) this.hear(false);
  }

  private hear(audible: boolean): void {
    if (audible === this.audible) return;
    const at = this.scheduledMs;
    this.audible = audible;
    this.mediaMs = at;
    this.anchorMs = this.sourceMs();
  }

  private sourceMs(): number {
    return this.audible && this.context ? this.context.currentTime * 1000 : performance.now();
  }
}
