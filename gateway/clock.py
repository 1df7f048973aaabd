"""Time is passed in, never taken: one clock for the whole gateway, another one for its tests."""

import asyncio
import heapq
import itertools
import time
from datetime import datetime, timedelta, timezone
from typing import Protocol

BEIJING = timezone(timedelta(hours=8))
"""The one time zone of all courts, for what people read: files, pages, copies."""


def beijing(utc_ms: int) -> datetime | None:
    """A time as Beijing has it, exact to the millisecond; None for one that no calendar has, as a unit's may be."""
    try:
        return datetime.fromtimestamp(0, BEIJING) + timedelta(milliseconds=utc_ms)
    except OverflowError:
        return None


class Clock(Protocol):
    """What the gateway needs to know of time."""

    def now_ms(self) -> int:
        """UTC, milliseconds since 1970."""
        ...

    def monotonic_s(self) -> float:
        """Seconds from an unknown start; never goes back."""
        ...

    async def sleep_until_ms(self, at_ms: int) -> None:
        """Return when `now_ms()` is at least `at_ms`, at once if it is already; and when as much time as was
        left has gone by, if the clock was set back meanwhile."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        """UTC, milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Seconds from an unknown start; never goes back."""
        return time.monotonic()

    async def sleep_until_ms(self, at_ms: int) -> None:
        """Return when `now_ms()` is at least `at_ms`; at once if it is already."""
        # At most a minute at a time: the wall clock may be set while we wait.
        end_s = self.monotonic_s() + (at_ms - self.now_ms()) / 1000
        while (left_s := min((at_ms - self.now_ms()) / 1000, end_s - self.monotonic_s())) > 0:
            await asyncio.sleep(min(left_s, 60))


class ManualClock:
    """A clock that stands still until `advance` moves it; whoever sleeps is woken in order."""

    def __init__(self, now_ms: int = 1_795_478_400_000) -> None:
        self._gone_ms = now_ms
        self._set_ms = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now_ms(self) -> int:
        """UTC, milliseconds since 1970."""
        return self._gone_ms + self._set_ms

    def monotonic_s(self) -> float:
        """Seconds from an unknown start; never goes back."""
        return self._gone_ms / 1000

    async def sleep_until_ms(self, at_ms: int) -> None:
        """Return when `now_ms()` is at least `at_ms`; at once if it is already."""
        if at_ms <= self.now_ms():
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (at_ms - self._set_ms, next(self._order), woken))
        await woken

    def set(self, by_ms: int) -> None:
        """Set the wall clock on (or back, if negative) while no time goes by."""
        self._set_ms += by_ms

    def advance(self, by_ms: int) -> None:
        """Move the clock forward by `by_ms` and wake those whose time has come."""
        self._gone_ms += by_ms
        while self._sleepers and self._sleepers[0][0] <= self._gone_ms:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)
