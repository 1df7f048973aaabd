import { toALaw } from "./alaw";
import { Resampler } from "./resampler";

export const RATE_HZ = 16_000;
export const PACKET_SAMPLES = 320;
export const PACKET_MS = 20;

/** 20 ms of speech. `peak`: of its samples, 0 to 1. */
export interface Spoken {
  sound: Uint8Array<ArrayBuffer>;
  peak: number;
}

/** What a microphone gives, as packets of A-law at 16 kHz. It has no browser: the audio thread drives it. */
export class Packets {
  private readonly resampler: Resampler;
  private readonly samples = new Float32Array(PACKET_SAMPLES);
  private filled = 0;
  private readonly give: (packet: Spoken) => void;

  constructor(fromHz: number, give: (packet: Spoken) => void) {
    this.give = give;
    this.resampler = new Resampler(fromHz, RATE_HZ);
  }

  push(samples: Float32Array): void {
    this.resampler.push(samples, (sample) => {
      this.samples[this.filled] = sample;
      this.filled += 1;
      if (this.filled === PACKET_SAMPLES) this.full();
    });
  }

  private full(): void {
    const sound = new Uint8Array(PACKET_SAMPLES);
    toALaw(this.samples, sound);
    this.filled = 0;
    this.give({ sound, peak: this.samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0) });
  }
}
