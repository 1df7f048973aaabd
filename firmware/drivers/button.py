"""The button: debounced, pure; every time is passed in.

The first contact counts as down at once, so that bouncing cannot delay an alarm; up counts when it has
lasted `bounce_ms`. A contact shorter than `bounce_ms` is a glitch, unless hold_ms is 0.
"""

HELD = 1  # held for hold_ms: the alarm
SHORTS = 2  # n short presses, then quiet
STUCK = 3  # down for stuck_ms
FREED = 4  # a stuck button came up

MAX_SHORTS = 99


class Button:
    """hold_ms: from down to HELD, 0 = at the edge. short_ms: a shorter press is a short one. quiet_ms: ends a run
    of short presses. A press that is neither short nor held makes its run void (a code half right is no code).
    With hold_ms 0 the first press of a run is HELD and is counted as well, the others are only counted.
    glitches: contacts that were too short.
    """

    def __init__(self, hold_ms=1000, short_ms=400, quiet_ms=1500, bounce_ms=15, stuck_ms=60000):
        self._hold_ms = hold_ms
        self._short_ms = short_ms
        self._quiet_ms = quiet_ms
        self._bounce_ms = bounce_ms
        self._stuck_ms = stuck_ms
        self._level = False  # as sampled last
        self._level_ms = 0  # since when
        self._down = False  # debounced
        self._down_ms = 0
        self._up_ms = 0
        self._told = 0  # of this press: 0, HELD or STUCK
        self._shorts = 0
        self._void = False
        self.glitches = 0

    @property
    def busy(self):
        """A decision is pending: sample at least each 20 ms."""
        return self._down or self._shorts > 0 or self._void

    def sample(self, down, now_ms):
        """Call on every edge, and regularly while `busy`; now_ms must not sink while `busy`.

        Returns None or (event, count, at_ms): count is the number of presses for SHORTS, else 0; at_ms is when
        it was true (down plus hold_ms for HELD), not when it was sampled.
        """
        event = None
        if self._down and not self._level and now_ms - self._level_ms >= self._bounce_ms:
            event = self._release(self._level_ms)
        if down != self._level:
            self._level = down
            self._level_ms = now_ms
        if not self._down:
            event = event or self._while_up(now_ms)
            if not down:
                return event
            self._down = True
            self._down_ms = now_ms
            self._told = 0
        return event or self._while_down(now_ms)

    def _while_down(self, now_ms):
        """Down so far; a level that is up just now may be bouncing, and has been down until _level_ms."""
        held_ms = (now_ms if self._level else self._level_ms) - self._down_ms
        if self._told == 0 and held_ms >= self._hold_ms:
            self._told = HELD
            if self._hold_ms == 0 and self._shorts:
                return None  # the run's first press has raised the alarm
            if self._hold_ms:
                self._shorts = 0
                self._void = False
            return HELD, 0, self._down_ms + self._hold_ms
        if self._told != STUCK and held_ms >= self._stuck_ms:
            self._told = STUCK
            return STUCK, 0, self._down_ms + self._stuck_ms
        return None

    def _release(self, up_ms):
        self._down = False
        self._up_ms = up_ms
        pressed_ms = up_ms - self._down_ms
        if self._told == STUCK:
            self._shorts = 0
            return FREED, 0, self._up_ms
        if self._told == HELD and self._hold_ms:
            return None
        if pressed_ms < self._bounce_ms and not self._told:
            self.glitches += 1
        elif pressed_ms < self._short_ms:
            self._shorts = min(self._shorts + 1, MAX_SHORTS)
        else:
            self._void = True
        return None

    def _while_up(self, now_ms):
        if not (self._shorts or self._void) or now_ms - self._up_ms < self._quiet_ms:
            return None
        shorts, self._shorts = self._shorts, 0
        void, self._void = self._void, False
        return None if void or not shorts else (SHORTS, shorts, self._up_ms + self._quiet_ms)
