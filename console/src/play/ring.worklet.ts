import { Ring } from "./ring";

/** The browser's audio thread: what it has is not in TypeScript's list of the page's own. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, made: new (options: { processorOptions: { rateHz: number } }) => AudioWorkletProcessor): void;
declare const sampleRate: number;
declare const currentTime: number;

/** Told so often what is heard. */
const TELL_EVERY = 8;

/** In: a packet with its time, or how much to hold back. Out: `Heard` with the device's time of it. */
registerProcessor("tipstaff-ring", class extends AudioWorkletProcessor {
  private readonly ring: Ring;
  private count = 0;
  private ended = false;

  constructor({ processorOptions: { rateHz } }: { processorOptions: { rateHz: number } }) {
    super();
    this.ring = new Ring(rateHz, sampleRate);
    this.port.onmessage = ({ data }: MessageEvent<{ takenMs: number; packet: Float32Array } | { holdMs: number } | "end">) => {
      if (data === "end") this.ended = true;
      else if ("holdMs" in data) this.ring.holdMs = data.holdMs;
      else this.ring.push(data.takenMs, data.packet);
    };
  }

  process(_inputs: unknown, [output]: [Float32Array[]]): boolean {
    const out = output?.[0];
    if (!out) return !this.ended;
    if (this.count % TELL_EVERY === 0) this.port.postMessage({ ...this.ring.heard, atS: currentTime });
    this.count += 1;
    this.ring.pull(out);
    return !this.ended;
  }
});
