"""What is heard in packets of speech: A-law back to samples, and how strong a tone is in them."""

import numpy as np

RATE_HZ = 16_000


def _value(byte: int) -> int:
    """ITU-T G.711: of every byte, the middle of what it stands for."""
    code = byte ^ 0x55
    exponent, mantissa = code >> 4 & 7, (code & 15) << 4
    size = mantissa + 8 if exponent == 0 else (mantissa + 0x108) << (exponent - 1)
    return size if code & 0x80 else -size


_VALUES = np.array([_value(byte) for byte in range(256)]) / 32768


def said(sound: bytes) -> np.ndarray:
    """Samples from -1 to 1."""
    return _VALUES[np.frombuffer(sound, np.uint8)]


def strength(samples: np.ndarray, hz: float) -> float:
    """Amplitude of a tone."""
    turn = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / RATE_HZ) * np.hanning(len(samples)) * 2
    return float(abs(np.dot(samples, turn)) * 2 / len(samples))
