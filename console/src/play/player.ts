import { Store } from "../stores";
import { PlayClock } from "./clock";
import { Screen } from "./screen";
import type { BlockSource, Step, Timed } from "./source";
import { Speaker } from "./speaker";
import { BlockWindow } from "./window";

export const SPEEDS = [0.5, 1, 2, 4] as const;
/** Faster than this, sound is no help. */
const SOUND_RATE_MAX = 2;
/** So much is read ahead, at the speed that it is played. */
const AHEAD_MS = 8000;
/** So much has to be there before it begins, or goes on. */
const ENOUGH_MS = 600;
const SOUND_AHEAD_MS = 1200;
const LEAD_MS = 60;
/** A longer hole is jumped over. */
const HOLE_MS = 2000;
const FIRST_PICTURE_MS = 300;
const NEAR_MS = 500;
/** What is drawn now is seen with the screen's next frame. */
const SCREEN_MS = 16;
const PUMP_MS = 50;
const WAIT_MS = 400;
const RETRY_MS = 2000;
/** The page is told of the moment so often. */
const TELL_MS = 100;

export type Notice =
  | { kind: "none" } | { kind: "loading" } | { kind: "waiting" } | { kind: "end" } | { kind: "noPicture" } | { kind: "soundOnly" }
  | { kind: "skipped"; ms: number } | { kind: "fault"; why: "broken" | "foreign" | "unreadable"; part: number };

export interface PlayState {
  atMs: number;
  playing: boolean;
  speed: number;
  notice: Notice;
  /** The picture that stands is of this moment; else it must look old, or there is none. */
  pictured: boolean;
  /** What was wrong last; it stays until something else is. */
  fault: Notice | null;
  badPictures: number;
  hugePicture: boolean;
  sound: boolean;
  /** The position track's line. */
  line: string;
}

const FIRST: PlayState = { atMs: 0, playing: false, speed: 1, notice: { kind: "loading" }, pictured: false, fault: null, badPictures: 0, hugePicture: false, sound: true, line: "" };

/** Plays what a source gives: picture and sound by one clock, a few seconds in memory. */
export class Player {
  readonly state = new Store<PlayState>(FIRST);
  private readonly blocks = new BlockWindow();
  private readonly screen: Screen;
  private speaker: Speaker | null = null;
  private readonly clock = new PlayClock();
  private loudness = 1;
  private readonly pumping: number;
  private drawing = 0;
  private closed = false;
  private stalled = true;
  private ended = false;
  private waiting = false;
  private waking = false;
  private scheduledMs = -Infinity;
  private generation = 0;
  private toldAt = 0;
  private skipped: { untilMs: number; ms: number } | null = null;

  /** `sound`: opens the loudspeaker; null when the browser has none. */
  constructor(canvas: HTMLCanvasElement, private readonly source: BlockSource, private readonly sound: () => AudioContext | null) {
    this.screen = new Screen(canvas);
    this.pumping = window.setInterval(() => this.pump(), PUMP_MS);
    const draw = (): void => {
      this.drawing = requestAnimationFrame(draw);
      this.paint();
    };
    draw();
    void this.readOn();
  }

  close(): void {
    this.closed = true;
    clearInterval(this.pumping);
    cancelAnimationFrame(this.drawing);
    this.source.close();
    this.speaker?.close();
    this.screen.close();
    this.blocks.clear();
  }

  /** From a click or a key, without which browsers give no sound. */
  async play(): Promise<void> {
    if (this.state.get().playing) return;
    this.change({ playing: true });
    if (this.ended && this.blocks.nextMs(this.clock.atMs) === null) this.seek(0);
    this.stalled = true;
    this.waking = true;
    const context = this.speaker ? this.speaker.context : this.sound();
    if (context && !this.speaker) {
      this.speaker = new Speaker(context);
      this.speaker.volume = this.loudness;
    }
    await this.clock.wake(context);
    this.waking = false;
    this.change({ sound: this.clock.hasSound });
  }

  pause(): void {
    this.change({ playing: false });
    this.hold(this.clock.atMs);
  }

  toggle(): void {
    if (this.state.get().playing) this.pause();
    else void this.play();
  }

  seek(atMs: number): void {
    const to = Math.max(0, atMs);
    this.generation += 1;
    this.skipped = null;
    this.ended = this.waiting = false;
    this.hold(to);
    this.blocks.clear();
    this.screen.clear();
    this.source.seek(to);
    this.change({ atMs: to, notice: { kind: "loading" }, pictured: false });
  }

  /** One picture on or back; it stands still then. */
  step(by: 1 | -1): void {
    if (this.state.get().playing) this.pause();
    const shown = this.blocks.pictureAt(this.clock.atMs);
    const atMs = shown?.atMs ?? this.clock.atMs;
    const next = by > 0 ? this.blocks.picturesAfter(atMs, 1)[0] : this.blocks.pictureBefore(atMs);
    if (next) this.hold(next.atMs);
    else if (by < 0 && atMs > 0) this.seek(atMs - 1);
    this.change({ atMs: this.clock.atMs });
  }

  setSpeed(speed: number): void {
    const at = this.clock.atMs;
    this.hold(at);
    this.clock.rate = speed;
    this.change({ speed });
  }

  set volume(part: number) {
    this.loudness = part;
    if (this.speaker) this.speaker.volume = part;
  }

  /** Stand at a moment; playing goes on from it. */
  private hold(atMs: number): void {
    this.clock.halt();
    this.clock.start(atMs);
    this.clock.halt();
    this.speaker?.silence();
    this.scheduledMs = -Infinity;
    this.stalled = true;
  }

  private async readOn(): Promise<void> {
    while (!this.closed) {
      const atMs = this.clock.atMs;
      const enough = this.blocks.readMs - atMs > AHEAD_MS * Math.max(1, this.clock.rate);
      if (enough || this.blocks.full || this.ended) {
        if (this.blocks.full) this.blocks.trim(atMs);
        await rest(PUMP_MS * 2);
        continue;
      }
      const generation = this.generation;
      const step = await this.source.next().catch((): Step => ({ kind: "fault", why: "unreadable", part: -1 }));
      if (generation === this.generation && !this.closed) await this.take(step);
    }
  }

  private async take(step: Step): Promise<void> {
    this.ended = step.kind === "end";
    this.waiting = step.kind === "wait";
    if (step.kind === "blocks") this.blocks.add(step.blocks);
    if (step.kind === "fault") this.change({ fault: step });
    else if (step.kind === "blocks" && step.blocks.length > 0 && faultIs(this.state.get().fault, "unreadable")) this.change({ fault: null });
    if (step.kind === "wait") await this.restUnlessSought(WAIT_MS);
    if (step.kind === "fault" && step.why === "unreadable") await this.restUnlessSought(RETRY_MS);
  }

  private async restUnlessSought(ms: number): Promise<void> {
    const generation = this.generation;
    for (let left = ms; left > 0 && generation === this.generation && !this.closed; left -= PUMP_MS) await rest(PUMP_MS);
  }

  private pump(): void {
    this.clock.watch();
    const atMs = this.clock.atMs;
    if (this.state.get().playing && !this.waking) this.run(atMs);
    if (!this.stalled || this.blocks.full) this.blocks.trim(atMs);
    this.tell();
  }

  private run(atMs: number): void {
    const nextMs = this.blocks.nextMs(atMs);
    const aheadMs = this.blocks.readMs - atMs;
    if (this.stalled) {
      if (aheadMs >= ENOUGH_MS * this.clock.rate || (aheadMs > 0 && (this.ended || this.waiting || this.blocks.full))) this.begin(atMs);
      else if (this.ended) this.change({ playing: false });
    } else if (nextMs === null) {
      // All that was read has been played.
      this.hold(Math.min(atMs, Math.max(this.blocks.readMs, 0)));
      if (this.ended) this.change({ playing: false });
    } else if (nextMs - atMs > HOLE_MS) this.jump(atMs, nextMs);
    else this.schedule(atMs);
  }

  private begin(atMs: number): void {
    const nextMs = this.blocks.nextMs(atMs);
    if (nextMs !== null && nextMs - atMs > HOLE_MS) return this.jump(atMs, nextMs);
    this.stalled = false;
    this.clock.start(atMs, LEAD_MS);
    this.schedule(atMs);
  }

  private jump(atMs: number, toMs: number): void {
    this.hold(toMs);
    this.skipped = { untilMs: toMs + 3000 * this.clock.rate, ms: toMs - atMs };
  }

  private schedule(atMs: number): void {
    const { rate } = this.clock;
    if (!this.speaker || !this.clock.hasSound || rate > SOUND_RATE_MAX) return;
    const fromMs = Math.max(this.scheduledMs, atMs - 200);
    const toMs = this.clock.scheduledMs + SOUND_AHEAD_MS * rate;
    for (const packet of this.blocks.soundsBetween(fromMs, toMs)) {
      if (!this.speaker.room) return;
      this.speaker.play(packet, this.clock.whenS(packet.atMs), rate);
      this.scheduledMs = packet.atMs + 0.5;
    }
  }

  private paint(): void {
    const atMs = this.clock.atMs + (this.stalled ? 0 : SCREEN_MS * this.clock.rate);
    const now = this.pictureAt(atMs);
    this.screen.show(now ? [now, ...this.blocks.picturesAfter(atMs, 2)] : []);
  }

  /** The first picture of a recording stands for its very beginning too. */
  private pictureAt(atMs: number): Timed | null {
    const first = this.blocks.picturesAfter(atMs, 1)[0];
    return this.blocks.pictureAt(atMs) ?? (first && first.atMs - atMs <= FIRST_PICTURE_MS && !this.blocks.pictureBefore(atMs) ? first : null);
  }

  /** A picture that is still being decoded may be the next one; one that cannot be must not stand for long. */
  private isPictured(atMs: number): boolean {
    const there = this.pictureAt(atMs);
    const { drawnMs } = this.screen;
    return there !== null && drawnMs !== null && Math.abs(there.atMs - drawnMs) <= NEAR_MS * Math.max(1, this.clock.rate);
  }

  private tell(): void {
    const nowMs = performance.now();
    if (nowMs - this.toldAt < TELL_MS) return;
    this.toldAt = nowMs;
    const atMs = this.clock.atMs;
    const line = this.blocks.lineAt(atMs);
    this.change({
      atMs, notice: this.noticeAt(atMs), pictured: this.isPictured(atMs), badPictures: this.screen.bad, hugePicture: this.screen.huge,
      sound: this.clock.hasSound || this.waking || !this.state.get().playing, line: line ? textOf(line) : "",
    });
  }

  private noticeAt(atMs: number): Notice {
    const playing = this.state.get().playing;
    const there = this.pictureAt(atMs);
    if (playing && this.skipped && atMs < this.skipped.untilMs) return { kind: "skipped", ms: this.skipped.ms };
    if (this.ended && this.blocks.nextMs(atMs) === null && !playing) return { kind: "end" };
    if (playing && this.stalled) return { kind: this.waiting ? "waiting" : "loading" };
    if (!there && this.blocks.soundsBetween(atMs - NEAR_MS, atMs + NEAR_MS).length > 0) return { kind: "soundOnly" };
    if (!there) return { kind: this.blocks.readMs < atMs && !this.ended && !this.waiting ? "loading" : "noPicture" };
    return { kind: "none" };
  }

  private change(to: Partial<PlayState>): void {
    const old = this.state.get();
    if (Object.entries(to).some(([key, value]) => JSON.stringify(old[key as keyof PlayState]) !== JSON.stringify(value))) this.state.set({ ...old, ...to });
  }
}

function faultIs(fault: Notice | null, why: string): boolean {
  return fault?.kind === "fault" && fault.why === why;
}

function textOf(line: Timed): string {
  return new TextDecoder().decode(line.content.subarray(0, 400));
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
