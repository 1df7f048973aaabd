"""What the annunciator says in words: recordings that ship with it, or a site's own."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from gateway.annunciator.tones import Samples
from gateway.errors import TipstaffError

SHIPPED = Path(__file__).parent / "phrases"
NAMES = ("lost", "back", "test")
LONGEST_S = 30


def load(folder: Path, lang: str, rate_hz: int) -> dict[str, Samples]:
    """The phrases `lost`, `back`, `test` of a language, at `rate_hz`. Raises TipstaffError when one cannot be used."""
    return {name: _read(folder / f"{name}.{lang}.wav", rate_hz) for name in NAMES}


def _read(path: Path, rate_hz: int) -> Samples:
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, of_hz = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(LONGEST_S * of_hz)
    except (OSError, EOFError, wave.Error) as error:
        raise TipstaffError(f"{path}: cannot be read as a WAV file ({error})") from None
    if width != 2 or not data:
        raise TipstaffError(f"{path}: 16-bit samples are expected, and at least one")
    mono = np.frombuffer(data, "<i2").reshape(-1, channels).mean(axis=1) / 32768
    at = np.arange(0, len(mono) - 1, of_hz / rate_hz)
    samples: Samples = np.interp(at, np.arange(len(mono)), mono).astype(np.float32)
    return samples
