import { closeTalk } from "../play/talkPlayer";
import { Store } from "../stores";
import { type Refusal, TalkChannel, type TalkLink, type TalkState } from "./channel";
import { type MicFault, Microphone } from "./microphone";
import { PACKET_MS, type Spoken } from "./packets";
import { speakingTo } from "./speakingTo";

/** What the person wants: to be heard while a key is held, or until the call is ended. */
export type Wish = "push" | "call";
export type Mic = "off" | "opening" | "on" | MicFault;

export interface Talk {
  link: TalkLink;
  state: TalkState | null;
  wish: Wish | null;
  /** What is said now reaches the gateway. */
  heard: boolean;
  mic: Mic;
  /** Of the microphone, dB below full scale; null: it is off. */
  levelDb: number | null;
  refusal: Refusal | null;
}

/** The first words, before the gateway has given the floor: so many packets of them are kept. */
const BEFORE_MOST = 4;
/** A microphone that nobody needs any more is switched off: its light would lie. */
const MIC_KEPT_MS = 15_000;
/** An audio thread that stood still leaves a hole; what comes after must not count as late. */
const BEHIND_MOST = 8;
const LEVEL_EVERY = 5;
const QUIET_DB = -60;

/** Speech to one officer: the floor, the microphone, and what goes between them. */
export class Talker {
  readonly talk = new Store<Talk>({ link: "connecting", state: null, wish: null, heard: false, mic: "off", levelDb: null, refusal: null });
  private readonly channel: TalkChannel;
  private microphone: Microphone | null = null;
  private off: ReturnType<typeof setTimeout> | undefined;
  private aloud = false;
  /** Begins are numbered: over a long line the answer to one comes after the next was asked for. */
  private begun = 0;
  /** Which of them is meant now; null: none. */
  private asked: number | null = null;
  private before: Uint8Array<ArrayBuffer>[] = [];
  /** Of the next packet; null while nobody is heard. */
  private number: number | null = null;
  private beganMs = 0;
  private packets = 0;
  private peak = 0;
  private closed = false;

  constructor(private readonly unitId: string) {
    this.channel = new TalkChannel(unitId, (refusal) => this.refused(refusal));
    this.channel.state.subscribe(() => this.told());
    this.channel.link.subscribe(() => this.told());
  }

  /** Be heard from now on. `aloud`: the second key, for a unit that keeps silent. */
  start(wish: Wish, aloud: boolean): void {
    if (this.talk.get().wish !== null) return;
    closeTalk(); // what was said once would be heard again by the officer
    this.aloud = aloud;
    this.asked = null;
    this.before = [];
    this.change({ wish, refusal: null });
    clearTimeout(this.off);
    if (this.microphone) this.ask();
    else void this.openMicrophone();
  }

  /** Be heard no more. */
  stop(): void {
    if (this.talk.get().wish === null) return;
    if (this.asked !== null) this.channel.end();
    this.ended();
  }

  handOver(to: string): void {
    this.channel.handOver(to);
  }

  close(): void {
    this.stop();
    this.closed = true;
    this.channel.close();
    this.closeMicrophone();
  }

  private ask(): void {
    this.begun += 1;
    this.asked = this.begun;
    this.channel.begin(this.asked, this.aloud, this.talk.get().wish === "call");
  }

  private ended(): void {
    this.number = null;
    this.asked = null;
    this.before = [];
    this.change({ wish: null, heard: false });
    this.restMicrophone();
  }

  private refused(refusal: Refusal): void {
    // Of a hand-over it has no number; of an earlier begin it is of no interest any more.
    if (refusal.n != null && this.asked !== null && refusal.n !== this.asked) return;
    this.change({ refusal });
    if (refusal.n != null && refusal.n === this.asked && refusal.why !== "too_fast") this.ended();
  }

  private told(): void {
    const state = this.channel.state.get();
    const link = this.channel.link.get();
    const { wish } = this.talk.get();
    this.change({ link, state });
    if (wish === null) return;
    if (link !== "open") this.ended();
    else if (state?.you && state.n !== null && state.n === this.asked) {
      if (this.number === null) this.heardFromNow();
    } else if (state && this.number !== null) this.ended();
  }

  private heardFromNow(): void {
    this.number = 0;
    this.beganMs = performance.now();
    for (const sound of this.before) this.send(sound);
    this.beganMs -= this.number * PACKET_MS;
    this.before = [];
    this.change({ heard: true });
  }

  private send(sound: Uint8Array<ArrayBuffer>): void {
    if (this.number === null) return;
    this.channel.speak(this.number, sound);
    this.number += 1;
  }

  private took({ sound, peak }: Spoken): void {
    this.packets += 1;
    this.peak = Math.max(this.peak, peak);
    if (this.packets % LEVEL_EVERY === 0) {
      this.change({ levelDb: this.peak > 0 ? Math.max(QUIET_DB, 20 * Math.log10(this.peak)) : QUIET_DB });
      this.peak = 0;
    }
    if (this.talk.get().wish === null) return;
    if (this.number === null) {
      this.before.push(sound);
      if (this.before.length > BEFORE_MOST) this.before.shift();
      return;
    }
    const now = Math.floor((performance.now() - this.beganMs) / PACKET_MS);
    if (now - this.number > BEHIND_MOST) this.number = now;
    this.send(sound);
  }

  private async openMicrophone(): Promise<void> {
    if (this.talk.get().mic === "opening") return;
    this.change({ mic: "opening" });
    try {
      const opened = await Microphone.open((packet) => this.took(packet), () => this.microphoneLost());
      if (this.closed) {
        opened.close();
        return;
      }
      this.microphone = opened;
      this.change({ mic: "on" });
      if (this.talk.get().wish !== null) this.ask();
      else this.restMicrophone();
    } catch (fault) {
      this.change({ mic: fault as MicFault, wish: null });
    }
  }

  private microphoneLost(): void {
    this.stop();
    this.closeMicrophone();
    this.change({ mic: "none" });
  }

  /** On for a while longer, in case it is needed again; never off while somebody wants to be heard. */
  private restMicrophone(): void {
    clearTimeout(this.off);
    this.off = setTimeout(() => this.talk.get().wish === null && this.closeMicrophone(), MIC_KEPT_MS);
  }

  private closeMicrophone(): void {
    clearTimeout(this.off);
    this.microphone?.close();
    this.microphone = null;
    if (this.talk.get().mic === "on") this.change({ mic: "off", levelDb: null });
  }

  private change(changed: Partial<Talk>): void {
    this.talk.update((old) => ({ ...old, ...changed }));
    if (this.talk.get().wish !== null) speakingTo.set(this.unitId);
    else speakingTo.update((unitId) => (unitId === this.unitId ? null : unitId));
  }
}
