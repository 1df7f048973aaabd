/** Sound of a recording as samples from -1 to 1: A-law, IMA ADPCM or 16-bit PCM, as `gateway/evidence/frames.py` has them. */

const STEPS = [
  7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107,
  118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
  1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894,
  6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
  32767,
];
const MOVES = [-1, -1, -1, -1, 2, 4, 6, 8];

/** ITU-T G.711: every byte's value in 16 bits. */
const A_LAW_VALUES = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = byte ^ 0x55;
  const exponent = (code >> 4) & 7;
  const magnitude = exponent === 0 ? ((code & 15) << 4) + 8 : (((code & 15) << 4) + 0x108) << (exponent - 1);
  return (code & 0x80 ? magnitude : -magnitude) / 32768;
});

export function aLaw(data: Uint8Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i += 1) out[i] = A_LAW_VALUES[data[i] ?? 0] ?? 0;
  return out;
}

/** Little endian; an odd byte at the end is left out. */
export function pcm16(data: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Float32Array.from({ length: data.length >> 1 }, (_, i) => view.getInt16(2 * i, true) / 32768);
}

/** Blocks of a 4-byte head (first sample, index of the step) and nibbles, the low one first; each stands alone. */
export function imaAdpcm(data: Uint8Array, blockBytes: number): Float32Array<ArrayBuffer> {
  const out: number[] = [];
  if (!(blockBytes > 4)) return new Float32Array(out);
  for (let at = 0; at + 4 <= data.length; at += blockBytes) {
    let value = (((data[at] ?? 0) | ((data[at + 1] ?? 0) << 8)) << 16) >> 16;
    let index = Math.min(data[at + 2] ?? 0, 88);
    out.push(value / 32768);
    for (const byte of data.subarray(at + 4, at + blockBytes)) {
      for (const nibble of [byte & 15, byte >> 4]) {
        const step = STEPS[index] ?? 7;
        let change = step >> 3;
        if (nibble & 4) change += step;
        if (nibble & 2) change += step >> 1;
        if (nibble & 1) change += step >> 2;
        value = Math.max(-32768, Math.min(32767, nibble & 8 ? value - change : value + change));
        index = Math.max(0, Math.min(88, index + (MOVES[nibble & 7] ?? 0)));
        out.push(value / 32768);
      }
    }
  }
  return new Float32Array(out);
}
