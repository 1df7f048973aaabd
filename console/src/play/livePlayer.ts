import { Store } from "../stores";
import { POSITION, PICTURE, SOUND } from "./blocks";
import { A_LAW_8, ADPCM, type LiveBlock, type LiveMessage, type LiveState, type Mode, PCM_16, type SoundHead, type Want } from "./liveMessages";
import { LiveScreen, type Shown } from "./liveScreen";
import { type Link, LiveSource } from "./liveSource";
import { Loudspeaker } from "./loudspeaker";
import { aLaw, imaAdpcm, pcm16 } from "./samples";

const TELL_MS = 200;
/** A packet that lasts longer is none of ours. */
const PACKET_MAX_S = 3;
/** Pictures are held to be in step by so many of them. */
const PICTURES_JUDGED = 12;
const READY_LEAST_MS = 6;
const READY_MOST_MS = 45;
const HOLD_MOST_MS = 220;
/** Later than this, pictures are not waited for: the sound goes on, and it is said. */
const APART_MS = 80;
/** A picture is old when none has come for so long. */
const OLD_MS = 2000;
/**
 * Stills come a second apart (docs/wire.md, "Live"), on a thin link as it carries them: one is old after three times what
 * lay between the last two, and never later than this, whatever lay between them.
 */
const STILL_OLD_TIMES = 3;
const STILL_OLD_MOST_MS = 6000;
/** What the gateway says of bytes in a view's first moments is of before anything could come. */
const RATE_AFTER_MS = 2000;
/** Sound that was chosen takes a moment to begin. */
const SILENT_MS = 1500;
/** Level of sound falls back by so much a second. */
const FALL_DB_S = 30;
export const QUIET_DB = -60;

export interface LiveView {
  link: Link;
  mode: Mode | null;
  why: string | null;
  viewers: readonly string[];
  /** Dropped for this viewer by the gateway, or passed over here. */
  dropped: number;
  /** It loses pictures now: its own line or machine is too slow. */
  dropping: boolean;
  /** Null: not known yet. */
  bytesS: number | null;
  /** From the moment it was taken until it was drawn; null: no picture. */
  delayMs: number | null;
  /** The picture's time is estimated from its arrival: neither its delay nor its age is known. */
  estimated: boolean;
  /** Source time of the picture that stands, and how old it is now. */
  takenMs: number | null;
  ageMs: number | null;
  /** No picture where there should be one. */
  old: boolean;
  /** Pictures lag behind the sound; 0: in step, or nothing is heard. */
  behindMs: number;
  /** Loudest of late, dB below full scale; null: no sound comes. */
  levelDb: number | null;
  heard: boolean;
  /** It is listened to, and nothing is heard for a while. */
  silent: boolean;
  hasSound: boolean;
  bad: number;
  badSounds: number;
  huge: boolean;
  size: { width: number; height: number } | null;
  line: string;
  recording: string | null;
  refused: { what: string; why: string } | null;
}

const FIRST: LiveView = {
  link: { state: "connecting", why: "first", tried: 0 }, mode: null, why: null, viewers: [], dropped: 0, dropping: false, bytesS: null, delayMs: null, estimated: false, takenMs: null, ageMs: null,
  old: false, behindMs: 0, levelDb: null, heard: false, silent: false, hasSound: false, bad: 0, badSounds: 0, huge: false, size: null, line: "", recording: null, refused: null,
};

/** Shows a unit live: sound on the loudspeaker's clock, pictures at the moment of their sound, nothing kept for later. */
export class LivePlayer {
  readonly state = new Store<LiveView>(FIRST);
  private readonly source: LiveSource;
  private readonly screen: LiveScreen;
  private readonly telling: ReturnType<typeof setInterval>;
  private speaker: Loudspeaker | null = null;
  private context: AudioContext | null = null;
  private loudness = 1;
  private soundHead: SoundHead | null = null;
  private badSounds = 0;
  private gateway: LiveState | null = null;
  private ahead: number[] = [];
  private holdMs = 0;
  private apartMs = 0;
  /** Source time of the picture before, and how far apart they come. */
  private beforeMs = 0;
  private everyMs = 0;
  private level = { db: QUIET_DB, atMs: -Infinity };
  private soundAtMs = -Infinity;
  private droppedBefore: number[] = [];
  private heardAtMs = 0;
  /** The connection that stands told its first state then. */
  private openedMs = Infinity;

  constructor(canvas: HTMLCanvasElement, unitId: string) {
    this.screen = new LiveScreen(canvas, () => this.heardMs, (aheadMs) => this.judge(aheadMs));
    this.source = new LiveSource(unitId, {
      block: (block) => this.take(block), said: (message) => this.hear(message), link: (link) => this.linked(link),
    });
    this.telling = setInterval(() => this.tell(), TELL_MS);
  }

  close(): void {
    clearInterval(this.telling);
    this.source.close();
    this.screen.close();
    this.speaker?.close();
  }

  want(wish: Want): void {
    this.change({ refused: null });
    this.source.want(wish);
  }

  /** Let it be heard from now on; null: pictures alone, as they come. */
  listen(context: AudioContext | null): void {
    if (context === this.context) return;
    this.context = context;
    this.heardAtMs = performance.now();
    this.renewSpeaker();
  }

  set volume(part: number) {
    this.loudness = part;
    if (this.speaker) this.speaker.volume = part;
  }

  /** What stands on the screen now. */
  get shown(): Shown | null {
    return this.screen.shown;
  }

  /** For tests and the bench: what is heard now, in source time, and how it is held. */
  get heardMs(): number | null {
    return this.speaker?.heardMs ?? null;
  }

  private linked(link: Link): void {
    if (link.state === "connecting") {
      this.gateway = null;
      this.openedMs = Infinity;
      this.soundHead = null;
      this.droppedBefore = [];
      this.renewSpeaker();
    }
    this.change({ link });
    this.tell();
  }

  private hear(message: LiveMessage): void {
    if (message.t === "head") {
      if (message.sound?.rate_hz !== this.soundHead?.rate_hz) {
        this.soundHead = message.sound;
        this.renewSpeaker();
      } else this.soundHead = message.sound;
    } else if (message.t === "state") {
      this.gateway = message;
      this.openedMs = Math.min(this.openedMs, performance.now());
      this.droppedBefore = [...this.droppedBefore, message.dropped].slice(-4);
    } else if (message.t === "refused") this.change({ refused: { what: message.what, why: message.why } });
  }

  private take(block: LiveBlock): void {
    if (block.track === PICTURE) this.screen.add(block);
    else if (block.track === SOUND) this.sound(block);
    else if (block.track === POSITION) this.change({ line: new TextDecoder().decode(block.content.subarray(0, 400)) });
  }

  private sound(block: LiveBlock): void {
    if (!this.soundHead) return;
    const packet = packetOf(block, this.soundHead);
    if (!packet) {
      this.badSounds += 1;
      return;
    }
    this.soundAtMs = performance.now();
    const db = levelOf(packet);
    if (db >= this.levelNow) this.level = { db, atMs: this.soundAtMs };
    this.speaker?.push(block.takenMs, packet);
  }

  private get levelNow(): number {
    return this.level.db - (FALL_DB_S * (performance.now() - this.level.atMs)) / 1000;
  }

  private renewSpeaker(): void {
    this.speaker?.close();
    this.speaker = this.context && this.soundHead ? new Loudspeaker(this.context, this.soundHead.rate_hz) : null;
    this.ahead = [];
    this.holdMs = this.apartMs = 0;
    if (this.speaker) this.speaker.volume = this.loudness;
  }

  /** Hold sound back by as much as pictures are late, within bounds. */
  private judge(aheadMs: number): void {
    this.ahead.push(aheadMs);
    if (this.ahead.length < PICTURES_JUDGED) return;
    const worst = [...this.ahead].sort((a, b) => a - b)[1] ?? 0;
    const middle = [...this.ahead].sort((a, b) => a - b)[PICTURES_JUDGED >> 1] ?? 0;
    this.ahead = [];
    if (worst < READY_LEAST_MS) this.holdMs = Math.min(HOLD_MOST_MS, Math.max(this.holdMs, this.speaker?.state?.levelMs ?? 0) + Math.min(60, READY_LEAST_MS - worst));
    else if (worst > READY_MOST_MS) this.holdMs = Math.max(0, this.holdMs - 10);
    this.apartMs = Math.max(0, -middle);
    if (this.speaker) this.speaker.hold = this.holdMs;
  }

  private tell(): void {
    const nowMs = performance.now();
    const { shown } = this.screen;
    const { clock } = this.source;
    const gatewayMs = clock.at(nowMs);
    const drawnMs = shown ? clock.at(shown.drawnMs) : null;
    const ageMs = shown && gatewayMs !== null ? Math.max(0, gatewayMs - shown.block.takenMs) : null;
    const mode = this.gateway?.mode ?? null;
    const comes = nowMs - this.soundAtMs < 1000;
    const [firstDropped = 0] = this.droppedBefore;
    if (this.heardMs !== null) this.heardAtMs = nowMs;
    this.change({
      mode, why: this.gateway?.why ?? null, viewers: this.gateway?.viewers ?? [], bytesS: this.rate(nowMs), recording: this.gateway?.recording ?? null,
      dropped: (this.gateway?.dropped ?? 0) + this.screen.passed, dropping: (this.gateway?.dropped ?? 0) > firstDropped,
      takenMs: shown?.block.takenMs ?? null, ageMs, old: ageMs !== null && ageMs > this.oldAfterMs(mode),
      delayMs: shown && drawnMs !== null ? Math.max(0, drawnMs - shown.block.takenMs) : null,
      estimated: shown?.block.estimated ?? false,
      behindMs: this.heardMs !== null && this.apartMs > APART_MS ? this.apartMs : 0,
      levelDb: comes ? Math.max(QUIET_DB, this.levelNow) : null, heard: this.heardMs !== null, silent: this.context !== null && nowMs - this.heardAtMs > SILENT_MS, hasSound: this.soundHead !== null,
      bad: this.screen.bad, badSounds: this.badSounds, huge: this.screen.huge, size: shown ? { width: shown.width, height: shown.height } : null,
    });
  }

  private rate(nowMs: number): number | null {
    const bytesS = this.gateway?.bytes_s ?? 0;
    return bytesS > 0 || nowMs - this.openedMs > RATE_AFTER_MS ? bytesS : null;
  }

  private oldAfterMs(mode: Mode | null): number {
    const { shown } = this.screen;
    if (shown && shown.block.takenMs !== this.beforeMs) {
      const apartMs = shown.block.takenMs - this.beforeMs;
      this.beforeMs = shown.block.takenMs;
      if (apartMs > 0) this.everyMs = apartMs;
    }
    return mode === "stills" ? Math.min(STILL_OLD_MOST_MS, Math.max(OLD_MS, STILL_OLD_TIMES * this.everyMs)) : OLD_MS;
  }

  private change(to: Partial<LiveView>): void {
    const old = this.state.get();
    if (Object.entries(to).some(([key, value]) => JSON.stringify(old[key as keyof LiveView]) !== JSON.stringify(value))) this.state.set({ ...old, ...to });
  }
}

/** Null: no sound of ours. */
function packetOf({ codec, content }: LiveBlock, head: SoundHead): Float32Array<ArrayBuffer> | null {
  if (!(head.rate_hz >= 4000 && head.rate_hz <= 96_000) || content.length > PACKET_MAX_S * head.rate_hz * 2) return null;
  const packet = codec === A_LAW_8 ? aLaw(content) : codec === PCM_16 ? pcm16(content) : codec === ADPCM ? imaAdpcm(content, head.block_bytes ?? content.length) : null;
  return packet && packet.length > 0 && packet.length <= PACKET_MAX_S * head.rate_hz ? packet : null;
}

/** Root mean square in dB below full scale. */
function levelOf(packet: Float32Array): number {
  let sum = 0;
  for (const value of packet) sum += value * value;
  return Math.max(QUIET_DB, 10 * Math.log10(sum / packet.length + 1e-9));
}
