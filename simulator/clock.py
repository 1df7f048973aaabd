"""Time as the simulator sees it; passed in everywhere, so that tests hold it in their hand."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A source of time that can also wait."""

    def monotonic_s(self) -> float:
        """Seconds that only rise, from an arbitrary start."""
        ...

    def utc_ms(self) -> int:
        """Milliseconds UTC since 1970."""
        ...

    async def sleep_s(self, duration_s: float) -> None:
        """Wait for `duration_s` seconds of this clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def monotonic_s(self) -> float:
        """Seconds of `time.monotonic`, which on Linux all processes of the machine share."""
        return time.monotonic()

    def utc_ms(self) -> int:
        """Milliseconds UTC since 1970."""
        return time.time_ns() // 1_000_000

    async def sleep_s(self, duration_s: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(duration_s)
