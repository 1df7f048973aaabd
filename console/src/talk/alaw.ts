/** ITU-T G.711, A-law: a sample from -1 to 1 to its byte, by a table of the twelve bits that matter. */
const CODES = Uint8Array.from({ length: 4096 }, (_, index) => encoded((index < 2048 ? index : index - 4096) << 4));

function encoded(sample: number): number {
  let code = sample < 0 ? ~sample >> 4 : sample >> 4;
  let exponent = 0;
  if (code > 15) {
    exponent = 1;
    while (code > 31) {
      code >>= 1;
      exponent += 1;
    }
    code += (exponent << 4) - 16;
  }
  return (sample < 0 ? code : code | 0x80) ^ 0x55;
}

export function toALaw(samples: Float32Array, out: Uint8Array<ArrayBuffer>): void {
  for (let i = 0; i < out.length; i += 1) {
    const sample = Math.round(Math.max(-1, Math.min(1, samples[i] ?? 0)) * 32767);
    out[i] = CODES[(sample >> 4) & 4095] ?? 0xd5;
  }
}
