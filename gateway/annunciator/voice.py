"""What is heard at each moment: the alarm's loop, and over it what is said once. No sound device and no clock: time
is the samples that were asked for."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from gateway.annunciator.tones import ALARM_HZ, ALARM_LOOP_S, Samples, tone

#: (seconds that the alarm has sounded, share of the volume): it grows louder while nobody answers.
LOUDER = ((0.0, 0.5), (10.0, 0.7), (30.0, 1.0))
#: Under words the alarm goes on, but lets them be understood.
UNDER_WORDS = 0.2
LEAST_VOLUME_PCT = 20
#: Announcements that wait; an older one is left out for a newer.
WAITING_MAX = 6


class Voice:
    """Gives the samples. Its methods may be called from any thread; the sound device's calls `render`."""

    def __init__(self, rate_hz: int, volume_pct: int) -> None:
        self.rate_hz = rate_hz
        self.rendered = 0
        """Samples so far: the clock of what is heard."""
        self.left_out = 0
        self._gain = (
            max(volume_pct, LEAST_VOLUME_PCT) / 100
        ) ** 1.6  # as a person hears it, as in the console
        self._loop = tone(rate_hz, ALARM_HZ, ALARM_LOOP_S)
        self._lock = threading.Lock()
        self._ringing_for: int | None = None
        self._level = 0.0
        self._waiting: deque[Samples] = deque()
        self._said = 0

    @property
    def ringing(self) -> bool:
        """Whether the alarm sounds."""
        return self._ringing_for is not None

    @property
    def silent(self) -> bool:
        """Whether there is nothing to be heard."""
        return not self.ringing and not self._waiting

    def ring(self, on: bool) -> None:
        """Sound the alarm until told otherwise, or stop. Once it sounds, saying so again changes nothing."""
        with self._lock:
            if on and self._ringing_for is None:
                self._ringing_for = 0
            if not on:
                self._ringing_for = None

    def say(self, *parts: Samples) -> None:
        """Have this heard once, after what was said before."""
        with self._lock:
            self._waiting.append(np.concatenate(parts))
            while len(self._waiting) > WAITING_MAX:
                del self._waiting[1]  # the first is being said
                self.left_out += 1

    def render(self, count: int) -> Samples:
        """The next `count` samples, within -1 to 1."""
        with self._lock:
            words, talking = self._next_words(count)
            target, loop = 0.0, np.zeros(count, np.float32)
            if self._ringing_for is not None:
                at = (self._ringing_for + np.arange(count)) % len(self._loop)
                loop = self._loop[at]
                target = self._loudness(self._ringing_for / self.rate_hz) * (UNDER_WORDS if talking else 1.0)
                self._ringing_for += count
            ramp = np.linspace(self._level, target, count, dtype=np.float32)
            self._level = target
            self.rendered += count
        out: Samples = np.clip((loop * ramp + words) * self._gain, -1, 1).astype(np.float32)
        return out

    @staticmethod
    def _loudness(sounded_s: float) -> float:
        return [share for since_s, share in LOUDER if sounded_s >= since_s][-1]

    def _next_words(self, count: int) -> tuple[Samples, bool]:
        out = np.zeros(count, np.float32)
        filled = 0
        while self._waiting and filled < count:
            part = self._waiting[0][self._said : self._said + count - filled]
            out[filled : filled + len(part)] = part
            filled += len(part)
            self._said += len(part)
            if self._said >= len(self._waiting[0]):
                self._waiting.popleft()
                self._said = 0
        return out, filled > 0
