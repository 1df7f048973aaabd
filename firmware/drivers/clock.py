"""A clock that says how good it is.

Monotonic time comes from ticks that wrap. UTC is an offset to it, set by the best source that was heard.
A position is heard some time after the moment it is of (UART and parsing), so of the offsets that GNSS
gives the largest is the truest; it may sink again by 100 ppm of the time that passes, more than a quartz
drifts. So UTC never runs backwards, except by a step, which is an event and is counted.
"""

CLOCK_NONE = 0  # as protocol.messages
CLOCK_RTC = 1
CLOCK_NETWORK = 2
CLOCK_GNSS = 3
NAMES = ("none", "rtc", "network", "gnss")

STEP_MS = 1000  # from here on a correction is a step
STEP_AFTER = 3  # so many GNSS times in a row must agree before a GNSS clock is stepped
HOLDOVER_MS = 6 * 3600 * 1000  # a quartz of 40 ppm is wrong by 0.9 s after 6 h; then quality is CLOCK_RTC
_DECAY = 10000  # 1/10,000 is 100 ppm
_EARLIEST_S = 1000000000  # 2001: before that it is no clock, but a receiver that does not know
_LATEST_S = 4102444800  # 2100


class Clock:
    """boot: boot count. ticks_ms(), ticks_diff(a, b): as in `time`; ticks may wrap. on_event(text): told of steps.

    Counters: steps, refused (times that no calendar of this century has).
    """

    def __init__(self, boot, ticks_ms, ticks_diff, on_event=None):
        self._boot = boot
        self._ticks_ms = ticks_ms
        self._ticks_diff = ticks_diff
        self._on_event = on_event
        self._last_ticks = ticks_ms()
        self._mono_ms = 0
        self._offset_ms = 0  # UTC minus monotonic
        self._quality = CLOCK_NONE
        self._set_ms = 0  # monotonic time of the last setting
        self._doubts = 0  # GNSS times in a row that asked for the step _doubted_ms
        self._doubted_ms = 0
        self.steps = self.refused = 0

    def mono_ms(self):
        """Milliseconds since this clock was made; never wraps or sinks. Call it at least once in 3 days."""
        ticks = self._ticks_ms()
        passed_ms = self._ticks_diff(ticks, self._last_ticks)
        if passed_ms > 0:
            self._mono_ms += passed_ms
            self._last_ticks = ticks
        return self._mono_ms

    def set_gnss(self, utc_s, utc_ms, at_mono_ms=None):
        """UTC since 1970 as heard from a valid fix at at_mono_ms (default now)."""
        offset_ms, mono_ms = self._offset(utc_s, utc_ms, at_mono_ms)
        if offset_ms is None:
            return
        error_ms = offset_ms - self._offset_ms
        if self.quality(mono_ms) < CLOCK_GNSS:
            self._set(offset_ms, mono_ms, CLOCK_GNSS)
        elif abs(error_ms) < STEP_MS:
            slack_ms = (mono_ms - self._set_ms) // _DECAY
            if error_ms >= -slack_ms:
                self._offset_ms = offset_ms
                self._set_ms = mono_ms
            elif slack_ms > 0:
                self._offset_ms -= slack_ms
                self._set_ms = mono_ms
            self._doubts = 0
        else:
            agrees = self._doubts and abs(error_ms - self._doubted_ms) < STEP_MS
            self._doubts = self._doubts + 1 if agrees else 1
            self._doubted_ms = error_ms
            if self._doubts >= STEP_AFTER:
                self._set(offset_ms, mono_ms, CLOCK_GNSS)

    def set_network(self, utc_s, utc_ms=0):
        """UTC from the network; taken when there is no GNSS time that still holds."""
        offset_ms, mono_ms = self._offset(utc_s, utc_ms, None)
        if offset_ms is not None and self.quality(mono_ms) < CLOCK_GNSS:
            self._set(offset_ms, mono_ms, CLOCK_NETWORK)

    def set_rtc(self, utc_s, utc_ms=0):
        """UTC from an RTC, or the last time kept in flash; taken only when there is none at all."""
        offset_ms, mono_ms = self._offset(utc_s, utc_ms, None)
        if offset_ms is not None and self._quality == CLOCK_NONE:
            self._set(offset_ms, mono_ms, CLOCK_RTC)

    def quality(self, at_mono_ms=None):
        """CLOCK_* now or of another monotonic time; what was set longer ago than the hold-over is CLOCK_RTC."""
        if at_mono_ms is None:
            at_mono_ms = self.mono_ms()
        if self._quality > CLOCK_RTC and abs(at_mono_ms - self._set_ms) > HOLDOVER_MS:
            return CLOCK_RTC
        return self._quality

    def stamp(self, at_mono_ms=None):
        """(utc_s, utc_ms, quality, mono_ms, boot) now or of another monotonic time; UTC 0 when unknown."""
        if at_mono_ms is None:
            at_mono_ms = self.mono_ms()
        if self._quality == CLOCK_NONE:
            return 0, 0, CLOCK_NONE, at_mono_ms, self._boot
        utc_ms = at_mono_ms + self._offset_ms
        return utc_ms // 1000, utc_ms % 1000, self.quality(at_mono_ms), at_mono_ms, self._boot

    def utc_s(self):
        """UTC seconds since 1970, 0 when unknown."""
        return self.stamp()[0]

    def _offset(self, utc_s, utc_ms, at_mono_ms):
        mono_ms = self.mono_ms() if at_mono_ms is None else at_mono_ms
        if not utc_s or not _EARLIEST_S <= utc_s < _LATEST_S:
            self.refused += bool(utc_s)
            return None, mono_ms
        return utc_s * 1000 + utc_ms - mono_ms, mono_ms

    def _set(self, offset_ms, mono_ms, quality):
        error_ms = offset_ms - self._offset_ms
        if self._quality != CLOCK_NONE and abs(error_ms) >= STEP_MS:
            self.steps += 1
            if self._on_event:
                self._on_event(
                    "clock stepped %+d ms, %s to %s" % (error_ms, NAMES[self._quality], NAMES[quality])
                )
        elif self._quality != CLOCK_NONE and error_ms < 0:
            offset_ms = self._offset_ms  # a small lead is kept; GNSS wears it off without running backwards
        self._offset_ms = offset_ms
        self._quality = quality
        self._set_ms = mono_ms
        self._doubts = 0
