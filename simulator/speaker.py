"""The loudspeaker of a simulated unit: hears what the firmware says, with the time at which it sounds.

The firmware hands its samples over as the DMA of the target takes them: when they begin to sound, or up to 40 ms
before. So a lump begins to sound when it comes, or when what came before it has ended. What is heard is kept for a
minute, and goes to a loudspeaker of this machine or a WAV file if somebody wants to hear it, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import wave
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from simulator.clock import Clock
from simulator.errors import NotFound
from simulator.microphone import not_opened

Sound = NDArray[np.int16]
RATE_HZ = 16_000
KEPT_S = 60
READ_BYTES = 4096
QUIET = 200
"""Samples below are no speech: a hole is filled with silence, and A-law has no zero."""
WAV_MAX_BYTES = 256 << 20
PAUSE_MAX_S = 1.0
WAITING_MAX_S = 2


class Loudspeaker(Protocol):
    """Where what is heard goes, besides."""

    def play(self, samples: Sound, at_s: float) -> None:
        """Samples that begin to sound at `at_s` of the unit's clock. Never waits."""
        ...

    def close(self) -> None:
        """Give it back. Twice does no harm."""
        ...


class KeptSpeaker:
    """Nobody listens; it is kept all the same."""

    def play(self, samples: Sound, at_s: float) -> None:
        """Nothing more."""

    def close(self) -> None:
        """Nothing is open."""


class WavSpeaker:
    """A WAV file of at most 256 MiB, with pauses of at most a second."""

    def __init__(self, path: Path) -> None:
        """Raises NotFound when it cannot be written."""
        self._stack = contextlib.ExitStack()
        try:
            stream = self._stack.enter_context(path.open("wb"))
        except OSError as error:
            raise NotFound(f"{path} cannot be written: {error.strerror}") from error
        self._file = self._stack.enter_context(wave.Wave_write(stream))
        self._file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        self._end_s: float | None = None
        self._bytes = 0

    def play(self, samples: Sound, at_s: float) -> None:
        """At the end of the file, after the pause there was."""
        pause_s = 0.0 if self._end_s is None else min(PAUSE_MAX_S, max(0.0, at_s - self._end_s))
        data = bytes(2 * round(pause_s * RATE_HZ)) + samples.astype("<i2").tobytes()
        self._end_s = at_s + len(samples) / RATE_HZ
        self._bytes += len(data)
        if self._bytes <= WAV_MAX_BYTES:
            self._file.writeframesraw(data)

    def close(self) -> None:
        """The file is whole."""
        self._stack.close()


class DeviceSpeaker:
    """This machine's loudspeaker, by PortAudio. More than two seconds that wait are dropped and counted."""

    def __init__(self, device: str | int | None = None) -> None:
        """Raises NotFound when PortAudio or the device is missing."""
        self._waiting: deque[Sound] = deque()
        self._held = 0
        self.dropped = 0
        try:
            import sounddevice  # type: ignore[import-untyped]  # fails at import without PortAudio's library
        except OSError as error:
            raise NotFound(f"PortAudio is not installed ({error}): apt-get install libportaudio2") from error
        try:
            self._stream: Any = sounddevice.OutputStream(
                samplerate=RATE_HZ, channels=1, dtype="int16", device=device, callback=self._fill
            )
            self._stream.start()
        except (ValueError, sounddevice.PortAudioError) as error:
            raise NotFound(not_opened("loudspeaker", device, error)) from error

    def play(self, samples: Sound, at_s: float) -> None:
        """As soon as the device takes it."""
        if self._held > WAITING_MAX_S * RATE_HZ:
            self.dropped += len(samples)
            return
        self._held += len(samples)
        self._waiting.append(samples.copy())

    def _fill(self, block: Sound, frames: int, _time: object, _status: object) -> None:
        """In PortAudio's thread."""
        at = 0
        while at < frames and self._waiting:
            samples = self._waiting.popleft()
            part = samples[: frames - at]
            block[at : at + len(part), 0] = part
            at += len(part)
            self._held -= len(part)
            if len(part) < len(samples):
                self._waiting.appendleft(samples[len(part) :])
        block[at:] = 0

    def close(self) -> None:
        """Fall silent."""
        self._stream.close()


@dataclass(frozen=True, slots=True)
class Played:
    """Samples that began to sound at `at_s` of the unit's clock."""

    at_s: float
    samples: Sound

    @property
    def end_s(self) -> float:
        """When they had been played."""
        return self.at_s + len(self.samples) / RATE_HZ

    @property
    def speech(self) -> bool:
        """Whether there is anything to be heard."""
        return bool(np.abs(self.samples.astype(np.int32)).max(initial=0) >= QUIET)


class Speaker:
    """Async context manager. `open_loudspeaker` None: the unit has none; it raises NotFound, which entering passes on.

    Attributes: port; played_ms and speech_ms (of all that was ever heard, and of that what is no silence);
    changed is called after each lump.
    """

    def __init__(
        self,
        clock: Clock,
        open_loudspeaker: Callable[[], Loudspeaker] | None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._open = open_loudspeaker
        self._changed = changed
        self._loudspeaker: Loudspeaker | None = None
        self._kept: deque[Played] = deque()
        self._writer: asyncio.StreamWriter | None = None
        self._stack = contextlib.AsyncExitStack()
        self._played = self._speech = 0
        self.port: int | None = None

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            if self._open is not None:
                self._loudspeaker = self._open()
                stack.callback(self._loudspeaker.close)
                server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

                async def close() -> None:
                    server.close()
                    self.disconnect()
                    await server.wait_closed()

                stack.push_async_callback(close)
                self.port = int(server.sockets[0].getsockname()[1])
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def environment(self) -> dict[str, str]:
        """Where the firmware finds it (docs/firmware.md)."""
        return {} if self.port is None else {"TIPSTAFF_SIM_SPEAKER": str(self.port)}

    def disconnect(self) -> None:
        """The unit is off: drop its connection at once."""
        if self._writer is not None:
            self._writer.transport.abort()

    @property
    def played_ms(self) -> int:
        """How much was heard since the unit was entered, the silence of holes included."""
        return self._played * 1000 // RATE_HZ

    @property
    def speech_ms(self) -> int:
        """How much of it was no silence, by lumps as they came."""
        return self._speech * 1000 // RATE_HZ

    def played(self, since_s: float = float("-inf")) -> list[Played]:
        """What was heard at or after that time of the unit's clock, oldest first; the last minute at most."""
        return [entry for entry in self._kept if entry.at_s >= since_s]

    def spoken_s(self, since_s: float) -> float | None:
        """When the first that is no silence began to sound at or after `since_s`; None when nothing has."""
        return next((entry.at_s for entry in self.played(since_s) if entry.speech), None)

    def spoken_ms(self, since_s: float) -> int:
        """How much of what was heard since was no silence."""
        return sum(len(entry.samples) for entry in self.played(since_s) if entry.speech) * 1000 // RATE_HZ

    def sound(self, since_s: float = float("-inf")) -> tuple[float, Sound]:
        """(when it begins, all that was heard since in one piece, with silence where nothing was played)."""
        played = self.played(since_s)
        if not played:
            return 0.0, np.zeros(0, np.int16)
        begin_s = played[0].at_s
        whole = np.zeros(round((played[-1].end_s - begin_s) * RATE_HZ), np.int16)
        for entry in played:
            at = round((entry.at_s - begin_s) * RATE_HZ)
            part = entry.samples[: len(whole) - at]
            whole[at : at + len(part)] = part
        return begin_s, whole

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.disconnect()
        self._writer = writer
        end_s = float("-inf")
        odd = b""
        try:
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(READ_BYTES):
                    data = odd + data
                    odd = data[len(data) & ~1 :]
                    samples = np.frombuffer(data[: len(data) & ~1], "<i2").astype(np.int16)
                    end_s = self._heard(samples, max(end_s, self._clock.monotonic_s()))
        finally:
            if self._writer is writer:
                self._writer = None
            writer.transport.abort()

    def _heard(self, samples: Sound, at_s: float) -> float:
        """Keeps it and passes it on; returns when it will have been played."""
        entry = Played(at_s, samples)
        self._kept.append(entry)
        while self._kept and self._kept[0].at_s < at_s - KEPT_S:
            self._kept.popleft()
        self._played += len(samples)
        if entry.speech:
            self._speech += len(samples)
        if self._loudspeaker is not None:
            self._loudspeaker.play(samples, at_s)
        self._changed()
        return entry.end_s
