"""Keeps the tasks of the unit alive, and lets the watchdog reset the unit when it cannot.

A task that dies is started again after a growing pause; its traceback is kept for the next boot and it is counted.
A task whose heart stops is stuck: the watchdog is no longer fed, and the board resets the unit.
"""

import asyncio

from bodyunit.bell import Bell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FIRST_PAUSE_MS = 100
MOST_PAUSE_MS = 5000
HEALTHY_MS = 60_000
LOOK_MS = 1000
VITAL_DEATHS = 20


class Heart:
    """Of one task: `beat()` at least every `limit_ms`, else the unit is reset."""

    def __init__(self, name: str, limit_ms: int, mono_ms) -> None:
        self.name = name
        self.limit_ms = limit_ms
        self._mono_ms = mono_ms
        self.last_ms = mono_ms()
        self.resting = False
        self.frozen = False

    def beat(self) -> None:
        """The task runs."""
        if self.frozen:
            return
        self.resting = False
        self.last_ms = self._mono_ms()

    def rest(self) -> None:
        """The task waits for the network, which may take any time; the next beat ends it."""
        self.resting = not self.frozen

    def stopped(self, now_ms: int) -> bool:
        """Whether the last beat is too long ago."""
        return not self.resting and now_ms - self.last_ms > self.limit_ms


class Ward:
    """One task under supervision: how to make it, and what has become of it."""

    def __init__(self, heart: Heart, make, vital: bool) -> None:
        self.heart = heart
        self.make = make
        self.vital = vital
        self.task: Any = None
        self.deaths = 0
        self.row = 0
        self.started_ms = 0
        self.again_ms = 0


class Supervisor:
    """Runs named tasks until it is cancelled.

    Args:
        mono_ms: the unit's monotonic clock, a function.
        feed: feeds the watchdog.
        died: called with (name, exception) when a task has ended; the exception is None when it just returned.
        cry: called with a text when the watchdog is no longer fed.
    """

    def __init__(self, mono_ms, feed, died, cry) -> None:
        self._mono_ms = mono_ms
        self._feed = feed
        self._died = died
        self._cry = cry
        self._cried = False
        self._bell = Bell()
        self.wards: list[Ward] = []
        self.restarts = 0

    def add(self, name: str, make, limit_ms: int, vital: bool = False) -> None:
        """Supervises a task: `make(heart)` is its coroutine function.

        limit_ms: longest time between two beats. vital: without it there is no alarm, so when it dies
        VITAL_DEATHS times with less than HEALTHY_MS between, only a reset is left.
        """
        self.wards.append(Ward(Heart(name, limit_ms, self._mono_ms), make, vital))

    async def run(self) -> None:
        """Starts all tasks and watches over them."""
        try:
            while True:
                self.look()
                await self._bell.wait(self._wait_ms())
        finally:
            for ward in self.wards:
                if ward.task is not None:
                    ward.task.cancel()
                    ward.task = None

    def _wait_ms(self) -> int:
        wait_ms = LOOK_MS
        now_ms = self._mono_ms()
        for ward in self.wards:
            if ward.task is None:
                wait_ms = min(wait_ms, max(0, ward.again_ms - now_ms))
        return wait_ms

    def look(self) -> None:
        """Starts what is not running and feeds the watchdog if all hearts beat."""
        now_ms = self._mono_ms()
        alive = True
        for ward in self.wards:
            if ward.task is None:
                if now_ms >= ward.again_ms:
                    ward.started_ms = now_ms
                    ward.heart.beat()
                    ward.task = asyncio.create_task(self._guard(ward))
            elif ward.heart.stopped(now_ms):
                alive = self._stop("heart of %s stopped" % ward.heart.name)
            elif now_ms - ward.started_ms >= HEALTHY_MS:
                ward.row = 0
            if ward.vital and ward.row >= VITAL_DEATHS:
                alive = self._stop("%s died %d times in a row" % (ward.heart.name, ward.row))
        if alive:
            self._cried = False
            self._feed()

    def _stop(self, why: str) -> bool:
        if not self._cried:
            self._cried = True
            self._cry(why)
        return False

    def kill(self, name: str) -> bool:
        """Makes a task die, for tests and for the simulator's fault; False when there is none of that name."""
        for ward in self.wards:
            if ward.heart.name == name and ward.task is not None:
                ward.task.cancel()
                return True
        return False

    def freeze(self, name: str) -> bool:
        """Stops a task's heart, as if it hung, for tests and for the simulator's fault."""
        for ward in self.wards:
            if ward.heart.name == name:
                ward.heart.resting = False
                ward.heart.frozen = True
                return True
        return False

    async def _guard(self, ward: Ward) -> None:
        error = None
        try:
            await ward.make(ward.heart)
        except (Exception, asyncio.CancelledError) as caught:
            error = caught
        now_ms = self._mono_ms()
        if ward.task is None:
            return
        ward.task = None
        ward.deaths += 1
        ward.row += 1
        pause_ms = MOST_PAUSE_MS if ward.row > 6 else min(MOST_PAUSE_MS, FIRST_PAUSE_MS << (ward.row - 1))
        ward.again_ms = now_ms + pause_ms
        self.restarts += 1
        self._bell.ring()
        try:
            self._died(ward.heart.name, error)
        except Exception:
            # Telling of it must not keep it from being started again; the count has it.
            pass
