"""The self-test: plays what may ever be heard, and where something can listen says whether it was."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.annunciator.loudspeaker import Loudspeaker, portaudio
from gateway.annunciator.tones import ALARM_HZ, ALARM_LOOP_S, BACK_HZ, LOST_HZ, STEP_S, Samples, level, tone
from gateway.annunciator.voice import Voice
from gateway.errors import TipstaffError

QUIET_S = 0.5
ALARM_S = 2 * ALARM_LOOP_S
LISTEN_MAX_S = 60
LOOK_S = 0.05
WINDOWS_A_STEP = 2
#: A window holds the tone when this share of its power is of one of the alarm's frequencies …
TONE_SHARE = 0.3
#: … and it is so much stronger there than before the alarm.
ABOVE_QUIET = 3.0
HEARD_WINDOWS = 3
"""Of each frequency, of the eight that two loops have."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was listened to: windows that hold each frequency of the alarm, and the tone's level in dB of full scale."""

    windows: Mapping[int, int]
    level_db: float

    @property
    def ok(self) -> bool:
        """Whether the alarm was heard."""
        return all(count >= HEARD_WINDOWS for count in self.windows.values())


def heard(quiet: Samples, alarm: Samples, rate_hz: int) -> Heard:
    """Look for the alarm in what was recorded while it sounded; `quiet` is what was recorded just before."""
    size = int(STEP_S * rate_hz) // WINDOWS_A_STEP
    found = dict.fromkeys(ALARM_HZ, 0)
    strongest = 0.0
    floor = {hz: level(quiet, rate_hz, hz) for hz in found}
    for at in range(0, len(alarm) - size + 1, size):
        part = alarm[at : at + size]
        power = float(np.mean(part.astype(np.float64) ** 2))
        for hz in found:
            strength = level(part, rate_hz, hz)
            if strength**2 / 2 > TONE_SHARE * power and strength > ABOVE_QUIET * floor[hz] and power > 0:
                found[hz] += 1
                strongest = max(strongest, strength)
    return Heard(found, round(20 * np.log10(max(strongest, 1e-6)), 1))


async def play(
    voice: Voice, phrases: Mapping[str, Samples], device: str | int | None, listen: str | int | None
) -> Heard | None:
    """Play all of it; what was heard by `listen`, a microphone or a monitor (None: nothing listens).

    Raises TipstaffError when a device cannot be opened.
    """
    async with Loudspeaker(voice, device, lambda event, facts: None):
        ear = _Ear(listen, voice.rate_hz) if listen is not None else None
        try:
            await asyncio.sleep(QUIET_S)
            quiet_to = ear.count if ear is not None else 0
            voice.ring(True)
            await _until_rendered(voice, voice.rendered + int(ALARM_S * voice.rate_hz))
            voice.ring(False)
            await asyncio.sleep(QUIET_S)
            taken = ear.taken() if ear is not None else None
        finally:
            if ear is not None:
                ear.close()
        rate_hz = voice.rate_hz
        voice.say(phrases["test"])
        voice.say(tone(rate_hz, LOST_HZ), phrases["lost"])
        voice.say(tone(rate_hz, BACK_HZ), phrases["back"])
        while not voice.silent:
            await asyncio.sleep(LOOK_S)
        await asyncio.sleep(QUIET_S)
    return None if taken is None else heard(taken[:quiet_to], taken[quiet_to:], rate_hz)


async def _until_rendered(voice: Voice, count: int) -> None:
    while voice.rendered < count:
        await asyncio.sleep(LOOK_S)


class _Ear:
    """Records, at most LISTEN_MAX_S."""

    def __init__(self, device: str | int, rate_hz: int) -> None:
        sounddevice = portaudio()
        self.count = 0
        self._most = LISTEN_MAX_S * rate_hz
        self._parts: list[Samples] = []
        try:
            self._stream: Any = sounddevice.InputStream(
                samplerate=rate_hz, channels=1, dtype="float32", device=device, callback=self._heard
            )
            self._stream.start()
        except (ValueError, sounddevice.PortAudioError) as error:
            raise TipstaffError(f"nothing can be heard by {device!r}: {error}") from None

    def _heard(self, block: npt.NDArray[np.float32], count: int, _time: object, _status: object) -> None:
        """In PortAudio's thread."""
        if self.count < self._most:
            self._parts.append(block[:, 0].copy())
            self.count += count

    def taken(self) -> Samples:
        """All of it so far."""
        return np.concatenate(self._parts) if self._parts else np.zeros(0, np.float32)

    def close(self) -> None:
        """Stop listening."""
        self._stream.close()
