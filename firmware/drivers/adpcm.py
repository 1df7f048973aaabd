"""IMA ADPCM as WAV files carry it (tag 0x11): 16-bit samples to four bits each, in blocks that stand alone.

A block: the first sample (16 bits, little endian), the step's index, a zero, then the other samples, low nibble first
(IMA, "Recommended Practices for Enhancing Digital Audio Compatibility", 1992; Microsoft's block layout).
"""

from array import array

import micropython

STEPS = array("H", (
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107,
    118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
    1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894,
    6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
    32767,
))  # fmt: skip
# How the index moves by a nibble's lower three bits, plus one, so that a byte holds it.
_MOVES = bytes((0, 0, 0, 0, 3, 5, 7, 9))
BLOCK_BYTES = 256


@micropython.viper
def _encode(pcm, out, count: int, index: int, steps, moves) -> int:
    samples = ptr16(pcm)  # noqa: F821
    codes = ptr8(out)  # noqa: F821
    sizes = ptr16(steps)  # noqa: F821
    shifts = ptr8(moves)  # noqa: F821
    guess = samples[0]
    codes[0] = guess & 255
    codes[1] = guess >> 8
    codes[2] = index
    codes[3] = 0
    if guess >= 32768:
        guess -= 65536
    at = 1
    while at < count:
        sample = samples[at]
        if sample >= 32768:
            sample -= 65536
        step = sizes[index]
        error = sample - guess
        code = 0
        if error < 0:
            code = 8
            error = 0 - error
        moved = step >> 3
        if error >= step:
            code |= 4
            error -= step
            moved += step
        if error >= step >> 1:
            code |= 2
            error -= step >> 1
            moved += step >> 1
        if error >= step >> 2:
            code |= 1
            moved += step >> 2
        guess = guess - moved if code & 8 else guess + moved
        if guess > 32767:
            guess = 32767
        if guess < -32768:
            guess = -32768
        index += shifts[code & 7] - 1
        if index < 0:
            index = 0
        if index > 88:
            index = 88
        place = 4 + (at - 1 >> 1)
        if at & 1:
            codes[place] = code
        else:
            codes[place] = codes[place] | code << 4
        at += 1
    return index


class Encoder:
    """Blocks of `block_bytes`, which hold `samples` samples each; the step is carried from block to block."""

    def __init__(self, block_bytes=BLOCK_BYTES):
        self.samples = 2 * (block_bytes - 4) + 1
        self.out = bytearray(block_bytes)
        self._index = 0

    def encode(self, pcm):
        """pcm: little endian, 2 * samples bytes. Returns a buffer that the next call overwrites."""
        if len(pcm) < 2 * self.samples:
            raise ValueError("a block has %d samples" % self.samples)
        self._index = _encode(pcm, self.out, self.samples, self._index, STEPS, _MOVES)
        return self.out
