import { Packets } from "./packets";

/** The browser's audio thread: what it has is not in TypeScript's list of the page's own. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, made: new () => AudioWorkletProcessor): void;
declare const sampleRate: number;

/** Out: `Spoken`, as the microphone gives it. */
registerProcessor("tipstaff-microphone", class extends AudioWorkletProcessor {
  private readonly packets = new Packets(sampleRate, (packet) => this.port.postMessage(packet, [packet.sound.buffer]));
  private ended = false;

  constructor() {
    super();
    this.port.onmessage = () => (this.ended = true);
  }

  process([input]: [Float32Array[]]): boolean {
    const samples = input?.[0];
    if (samples) this.packets.push(samples);
    return !this.ended;
  }
});
