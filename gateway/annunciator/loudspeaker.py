"""The sound device, by PortAudio: opened, watched, and opened anew when it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.annunciator.voice import Voice
from gateway.errors import TipstaffError

RATE_HZ = 48_000
BLOCK_S = 0.02
LATENCY_S = 0.1
LOOK_EVERY_S = 1.0
AGAIN_S = 2.0

Tell = Callable[[str, Mapping[str, Any]], None]


def portaudio() -> ModuleType:
    """The `sounddevice` module. Raises TipstaffError where PortAudio's library is missing."""
    try:
        import sounddevice  # type: ignore[import-untyped]  # fails at import without PortAudio's library
    except OSError as error:
        raise TipstaffError(
            f"PortAudio is not installed ({error}): apt-get install libportaudio2, "
            "and libasound2-plugins where PulseAudio or PipeWire has the loudspeakers"
        ) from None
    module: ModuleType = sounddevice
    return module


def devices() -> list[dict[str, Any]]:
    """Loudspeakers, and microphones or monitors that can hear them: {index, name, outputs, inputs, default}."""
    sounddevice = portaudio()
    chosen = sounddevice.default.device
    return [
        {
            "index": index,
            "name": device["name"],
            "outputs": device["max_output_channels"],
            "inputs": device["max_input_channels"],
            "default": index == chosen[1],
        }
        for index, device in enumerate(sounddevice.query_devices())
    ]


def chosen(text: str | None) -> str | int | None:
    """A device as an option names it: its number, part of its name, or None for the system's own."""
    return int(text) if text is not None and text.isdigit() else text


class Loudspeaker:
    """Plays a voice. Async context manager; raises TipstaffError when the device cannot be opened at the start.

    When it fails later, PortAudio is started anew (it sees no device that was plugged in since) and the device tried
    again, and then the system's own, for an alarm must be heard.
    """

    def __init__(self, voice: Voice, device: str | int | None, tell: Tell) -> None:
        self._voice = voice
        self._device = device
        self._tell = tell
        self._sounddevice = portaudio()
        self._stream: Any = None
        self._gaps = 0

    async def __aenter__(self) -> Loudspeaker:
        try:
            self._open(self._device)
        except (ValueError, self._sounddevice.PortAudioError) as error:
            raise TipstaffError(
                f"loudspeaker {self._device if self._device is not None else 'of the system'!r} cannot be opened: "
                f"{error}; `tipstaff annunciator --list-devices` shows those that can"
            ) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    async def watch(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """For ever: a device that takes no more sound is opened anew."""
        before, told = -1, 0
        while True:
            await sleep(LOOK_EVERY_S)
            # It only grows: PortAudio's thread counts while we tell.
            if (gaps := self._gaps) > told:
                why = "the machine was too busy to fill the loudspeaker"
                self._tell("gaps", {"times": gaps - told, "why": why})
                told = gaps
            if self._stream is not None and self._stream.active and self._voice.rendered != before:
                before = self._voice.rendered
                continue
            self._close()
            self._tell("silent", {"why": "the loudspeaker takes no more sound"})
            while not await asyncio.to_thread(self._again):
                await sleep(AGAIN_S)
            before = -1

    def _again(self) -> bool:
        self._sounddevice._terminate()
        self._sounddevice._initialize()
        for device in dict.fromkeys((self._device, None)):
            try:
                self._open(device)
            except (ValueError, self._sounddevice.PortAudioError):
                continue
            self._tell("sounding", {"device": "the system's own" if device is None else str(device)})
            return True
        return False

    def _open(self, device: str | int | None) -> None:
        self._stream = self._sounddevice.OutputStream(
            samplerate=self._voice.rate_hz,
            channels=1,
            dtype="float32",
            device=device,
            blocksize=int(BLOCK_S * self._voice.rate_hz),
            latency=LATENCY_S,
            callback=self._wanted,
        )
        self._stream.start()

    def _wanted(self, out: npt.NDArray[np.float32], count: int, _time: object, status: Any) -> None:
        """In PortAudio's thread."""
        self._gaps += bool(status)
        out[:, 0] = self._voice.render(count)

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.close(ignore_errors=True)
            except self._sounddevice.PortAudioError:
                return
