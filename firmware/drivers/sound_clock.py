"""When sound was recorded: by counting samples, anchored to the unit's clock.

Samples arrive in lumps, some time after they were recorded, and a microphone's quartz is not the unit's. The count
runs evenly; of the arrivals the earliest is the truest. So an arrival before its time moves the anchor at once, and
the least lateness of each window moves it slowly: 1 ms in 500 ms is twenty times what two quartzes differ. A lateness
that stays is a gap in the sound, and the anchor follows at once: picture and sound stay together. What was held up and
comes after all comes before its time then, and was no gap.

What had been waiting when somebody began to listen comes all at once, and how old it is nobody knows: it and what comes
in the first moment after it settle the anchor, and have no time of their own.
"""

WINDOW_MS = 500
SLEW_MS = 1
GAP_MS = 30
SETTLING_MS = 250


class SoundClock:
    """rate_hz: samples a second. Counters: gaps (lateness that stayed), gap_ms (of sound that never came).

    settled: whether the times that `took` returns are to be believed.
    """

    def __init__(self, rate_hz=16_000):
        self._rate_hz = rate_hz
        self._origin_ms = None  # of sample 0
        self._first_ms = 0
        self.settled = False
        self._count = 0
        self._window_ms = 0
        self._least_ms = None
        self.gaps = self.gap_ms = 0

    def took(self, samples, now_ms):
        """So many samples have arrived by now (monotonic ms); returns the time of the first of them."""
        length_ms = samples * 1000 // self._rate_hz
        if self._origin_ms is None:
            self._origin_ms = now_ms - length_ms
            self._window_ms = self._first_ms = now_ms
        self.settled = self.settled or now_ms - self._first_ms >= SETTLING_MS
        began = self._count
        self._count += samples
        late_ms = now_ms - self._at(self._count)
        if late_ms < 0:
            if late_ms < -GAP_MS:
                self.gap_ms -= min(self.gap_ms, -late_ms)
            self._move(late_ms)
            late_ms = 0
        if self._least_ms is None or late_ms < self._least_ms:
            self._least_ms = late_ms
        if now_ms - self._window_ms >= WINDOW_MS:
            self._end_window(now_ms)
        began_ms = self._at(began)
        if self._count >= 10 * self._rate_hz:
            # Small numbers, for ever.
            self._count -= 10 * self._rate_hz
            self._origin_ms += 10_000
        return began_ms

    def _at(self, count):
        return self._origin_ms + count * 1000 // self._rate_hz

    def _move(self, by_ms):
        self._origin_ms += by_ms
        if self._least_ms is not None:
            self._least_ms = max(0, self._least_ms - by_ms)

    def _end_window(self, now_ms):
        least_ms, self._least_ms = self._least_ms, None
        self._window_ms = now_ms
        if least_ms > GAP_MS:
            self.gaps += 1
            self.gap_ms += least_ms
            self._move(least_ms)
        elif least_ms > SLEW_MS:
            self._move(SLEW_MS)
