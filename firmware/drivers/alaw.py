"""A-law (ITU-T G.711): 16-bit samples to bytes and back by a table. Half the bytes, and telephones' quality."""

from array import array

import micropython


def encoded(sample):
    """The byte of a sample of 16 bits: sign, exponent and four bits of mantissa, every second bit inverted."""
    code = ~sample >> 4 if sample < 0 else sample >> 4
    exponent = 0
    if code > 15:
        exponent = 1
        while code > 31:
            code >>= 1
            exponent += 1
        code += (exponent << 4) - 16
    return (code if sample < 0 else code | 0x80) ^ 0x55


# The four lowest bits of a sample never matter; negative samples are the upper half.
_TABLE = bytes([encoded((index if index < 2048 else index - 4096) << 4) for index in range(4096)])


@micropython.viper
def _encode(pcm, out, count: int, table):
    samples = ptr16(pcm)  # noqa: F821
    codes = ptr8(out)  # noqa: F821
    by = ptr8(table)  # noqa: F821
    at = 0
    while at < count:
        codes[at] = by[samples[at] >> 4]
        at += 1


class Encoder:
    """Packets of `samples` samples; `encode` writes one into `out` and returns its length in bytes."""

    def __init__(self, samples=640):
        self.samples = samples
        self.out = bytearray(samples)

    def encode(self, pcm):
        """pcm: little endian, 2 * samples bytes. Returns a buffer that the next call overwrites."""
        if len(pcm) < 2 * self.samples:
            raise ValueError("a packet has %d samples" % self.samples)
        _encode(pcm, self.out, self.samples, _TABLE)
        return self.out


def decoded(code):
    """The 16-bit sample of a byte: the middle of what `encoded` makes that byte of."""
    code ^= 0x55
    sample = (code & 15) << 4
    exponent = code >> 4 & 7
    sample = sample + 8 if exponent == 0 else sample + 0x108 << exponent - 1
    return sample if code & 0x80 else -sample


@micropython.viper
def _decode(codes, pcm, count: int, table) -> int:
    from_codes = ptr8(codes)  # noqa: F821
    samples = ptr16(pcm)  # noqa: F821
    by = ptr16(table)  # noqa: F821
    at = 0
    peak = 0
    while at < count:
        sample = by[from_codes[at]]
        samples[at] = sample
        if sample & 0x8000:
            sample = 0x10000 - sample
        if sample > peak:
            peak = sample
        at += 1
    return peak


class Decoder:
    """`decode` writes the samples of a packet into `out` and returns the largest of them, 0 to 32767."""

    def __init__(self):
        self._table = array("h", [decoded(code) for code in range(256)])

    def decode(self, codes, out):
        """out: 16-bit samples, at least as many as `codes` has bytes; the rest of it stays."""
        if 2 * len(codes) > len(out):
            raise ValueError("%d samples do not fit" % len(codes))
        return _decode(codes, out, len(codes), self._table)
