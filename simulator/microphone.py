"""Where a simulated unit's sound comes from: the scene's tone, a WAV file, or this machine's microphone.

All give 16-bit mono samples of `scene.RATE_HZ`. PortAudio's library is needed for the microphone alone, so
`sounddevice` is imported where it is opened.
"""

from __future__ import annotations

import wave
from collections import deque
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from simulator import scene
from simulator.errors import NotFound

WAV_MAX_BYTES = 256 << 20
WAITING_MAX_S = 2


class Microphone(Protocol):
    """Gives the sound of a stretch of time."""

    def listen(self, from_ms: int, duration_ms: int) -> scene.Sound:
        """The samples of this stretch; `from_ms` counts from the unit's start. Silence where there is none."""
        ...

    def close(self) -> None:
        """Give the device back. Twice does no harm."""
        ...


def not_opened(what: str, device: str | int | None, error: Exception) -> str:
    """Why a sound device cannot be used, and how to find one."""
    which = f"no {what} of this machine" if device is None else f"{what} {device!r}"
    found = "can be used" if device is None else "cannot be used"
    return f"{which} {found} ({error}); `python -m sounddevice` lists the devices, name one as device:NAME"


class SceneMicrophone:
    """The sound of `simulator.scene`, in step with its picture."""

    def listen(self, from_ms: int, duration_ms: int) -> scene.Sound:
        """Hum and beeps."""
        return scene.sound(from_ms, duration_ms)

    def close(self) -> None:
        """Nothing is open."""


class WavMicrophone:
    """A WAV file of 16 bits, over and over; other rates and several channels are made to fit."""

    def __init__(self, path: Path) -> None:
        """Raises NotFound when it is no such file or too large."""
        try:
            if path.stat().st_size > WAV_MAX_BYTES:
                raise NotFound(f"{path}: is larger than {WAV_MAX_BYTES >> 20} MiB")
            with wave.open(str(path), "rb") as file:
                width, channels, rate_hz = file.getsampwidth(), file.getnchannels(), file.getframerate()
                data = file.readframes(file.getnframes())
        except (OSError, EOFError, wave.Error) as error:
            raise NotFound(f"{path} cannot be read as a WAV file: {error}") from error
        if width != 2 or not data:
            raise NotFound(f"{path}: 16-bit samples are expected, and at least one")
        mono = np.frombuffer(data, "<i2").reshape(-1, channels).mean(axis=1)
        count = max(1, round(len(mono) * scene.RATE_HZ / rate_hz))
        at = np.linspace(0, len(mono) - 1, count)
        self._samples = np.interp(at, np.arange(len(mono)), mono).astype(np.int16)

    def listen(self, from_ms: int, duration_ms: int) -> scene.Sound:
        """The file's samples of this stretch."""
        first = from_ms * scene.RATE_HZ // 1000
        index = np.arange(first, first + duration_ms * scene.RATE_HZ // 1000) % len(self._samples)
        taken: scene.Sound = self._samples[index]
        return taken

    def close(self) -> None:
        """Nothing is open."""


class DeviceMicrophone:
    """This machine's microphone, by PortAudio. What is not fetched within two seconds is dropped and counted."""

    def __init__(self, device: str | int | None = None) -> None:
        """Raises NotFound when PortAudio or the device is missing."""
        self._waiting: deque[scene.Sound] = deque()
        self._held = 0
        self.dropped = 0
        try:
            import sounddevice  # type: ignore[import-untyped]  # fails at import without PortAudio's library
        except OSError as error:
            raise NotFound(f"PortAudio is not installed ({error}): apt-get install libportaudio2") from error
        try:
            self._stream: Any = sounddevice.InputStream(
                samplerate=scene.RATE_HZ, channels=1, dtype="int16", device=device, callback=self._heard
            )
            self._stream.start()
        except (ValueError, sounddevice.PortAudioError) as error:
            raise NotFound(not_opened("microphone", device, error)) from error

    def _heard(self, block: scene.Sound, _frames: int, _time: object, _status: object) -> None:
        """In PortAudio's thread."""
        if self._held > WAITING_MAX_S * scene.RATE_HZ:
            self.dropped += len(block)
            return
        self._waiting.append(block[:, 0].copy())
        self._held += len(block)

    def listen(self, from_ms: int, duration_ms: int) -> scene.Sound:
        """What was heard next, silence for what was not yet."""
        out = np.zeros(duration_ms * scene.RATE_HZ // 1000, np.int16)
        at = 0
        while at < len(out) and self._waiting:
            block = self._waiting.popleft()
            part = block[: len(out) - at]
            out[at : at + len(part)] = part
            at += len(part)
            self._held -= len(part)
            if len(part) < len(block):
                self._waiting.appendleft(block[len(part) :])
        return out

    def close(self) -> None:
        """Stop listening."""
        self._stream.close()
