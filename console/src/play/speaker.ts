import { A_LAW, IMA_ADPCM, PCM } from "./blocks";
import { aLaw, imaAdpcm, pcm16 } from "./samples";
import type { Timed } from "./source";

/** A packet that lasts longer is none of ours. */
const PACKET_MAX_S = 3;
/** Packets that are off by less follow one another without a seam: their times are whole milliseconds. */
const SEAM_S = 0.015;
/** Handed to the browser and not yet heard. */
const SCHEDULED_MOST = 400;

/** Sound at given times of the audio clock. */
export class Speaker {
  private readonly gain: GainNode;
  private readonly sounding = new Set<AudioBufferSourceNode>();
  private endS = 0;

  constructor(readonly context: AudioContext) {
    this.gain = new GainNode(context);
    this.gain.connect(context.destination);
  }

  get room(): boolean {
    return this.sounding.size < SCHEDULED_MOST;
  }

  set volume(part: number) {
    this.gain.gain.value = part;
  }

  /** Let a packet be heard from `whenS` on, at a speed. What would lie on the packet before is left out. */
  play(packet: Pick<Timed, "content" | "head">, whenS: number, rate: number): void {
    const buffer = this.decoded(packet);
    if (!buffer) return;
    const startS = Math.abs(whenS - this.endS) < SEAM_S ? this.endS : whenS;
    const lateS = Math.max(0, this.context.currentTime - startS);
    if (startS < this.endS - SEAM_S || lateS * rate >= buffer.duration) return;
    const node = new AudioBufferSourceNode(this.context, { buffer, playbackRate: rate });
    node.connect(this.gain);
    node.onended = () => this.sounding.delete(node);
    this.sounding.add(node);
    node.start(startS + lateS, lateS * rate);
    this.endS = startS + buffer.duration / rate;
  }

  silence(): void {
    for (const node of this.sounding) {
      node.onended = null;
      node.stop();
      node.disconnect();
    }
    this.sounding.clear();
    this.endS = 0;
  }

  close(): void {
    this.silence();
    void this.context.close();
  }

  private decoded({ content, head }: Pick<Timed, "content" | "head">): AudioBuffer | null {
    if (!head || head.sound === 0 || content.length > PACKET_MAX_S * head.rateHz * 2) return null;
    const samples = head.sound === PCM ? pcm16(content) : head.sound === A_LAW ? aLaw(content) : head.sound === IMA_ADPCM ? imaAdpcm(content, head.blockBytes) : null;
    if (!samples || samples.length === 0 || samples.length > PACKET_MAX_S * head.rateHz) return null;
    const buffer = new AudioBuffer({ length: samples.length, numberOfChannels: 1, sampleRate: head.rateHz });
    buffer.copyToChannel(samples, 0);
    return buffer;
  }
}
