"""Tells the officer that somebody looks or listens: by the light or by the motor, as the unit is set."""

from bodyunit.bell import Bell
from bodyunit.feeling import WATCHED
from protocol.messages import LIVE_OFF

BLINK_MS = 150
EVERY_MS = 2000
LOOK_MS = 500
IDLE_MS = 2500


class Watched:
    """Args:
    clock, settings: of the unit.
    mode: returns one of LIVE_*, what somebody has asked for.
    alarms: bodyunit.alarm.Alarms; a silent alarm shows nothing.
    feeling: bodyunit.feeling.Feeling.
    """

    def __init__(self, clock, settings, mode, alarms, feeling) -> None:
        self._clock = clock
        self._settings = settings
        self._mode = mode
        self._alarms = alarms
        self._feeling = feeling
        self._bell = Bell()
        self._watched = False
        self._told = False
        self._from_ms = 0

    def look(self) -> None:
        """Somebody has begun to look, or has gone."""
        self._bell.ring()

    async def run(self, heart) -> None:
        """Task: blinks calmly as long as somebody looks, or vibrates once."""
        while True:
            heart.beat()
            await self._bell.wait(self._step(self._clock.mono_ms()))

    def _step(self, now_ms: int) -> int:
        """Does what is due; returns the ms until the next."""
        watched = self._mode() != LIVE_OFF
        if watched != self._watched:
            self._watched, self._told, self._from_ms = watched, False, now_ms
        how = self._settings.watched_shown
        # A status of an alarm is worth more, and nothing may look like one.
        if (
            how == "vibration"
            and watched
            and not self._told
            and not self._alarms.alarmed
            and self._feeling.idle
        ):
            self._told = True
            self._feeling.feel("watched")
        if how != "led" or not watched or self._alarms.silent:
            self._feeling.light(WATCHED, False)
            return LOOK_MS if watched else IDLE_MS
        since_ms = (now_ms - self._from_ms) % EVERY_MS
        lit = since_ms < BLINK_MS
        self._feeling.light(WATCHED, lit)
        return BLINK_MS - since_ms if lit else min(LOOK_MS, EVERY_MS - since_ms)
