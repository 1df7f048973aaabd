"""What the officer's skin knows: the vibration patterns that the unit gave."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

KEPT = 1000  # newest felt patterns of a unit


@dataclass(frozen=True, slots=True)
class Felt:
    """One vibration pattern. `at_monotonic_s` is this machine's clock, `unit_mono_ms` the unit's own."""

    pattern: str
    at_monotonic_s: float
    pulses_ms: tuple[int, ...] = ()  # on, off, on, off, …
    unit_mono_ms: int | None = None
    number: int = 0  # counts from 1 for the life of the simulated unit


@dataclass(slots=True)
class FeltLog:
    """The newest patterns, and the way to wait for one. `wait` gives each pattern out once."""

    _entries: deque[Felt] = field(default_factory=lambda: deque(maxlen=KEPT))
    _count: int = 0
    _given: dict[str, int] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def add(
        self, pattern: str, at_monotonic_s: float, pulses_ms: tuple[int, ...], mono_ms: int | None
    ) -> Felt:
        """Record a pattern and wake who waits."""
        self._count += 1
        felt = Felt(pattern, at_monotonic_s, pulses_ms, mono_ms, self._count)
        self._entries.append(felt)
        self.wake()
        return felt

    def wake(self) -> None:
        """Let waiters look again (also after the unit's end)."""
        self._news.set()
        self._news = asyncio.Event()

    def entries(self) -> list[Felt]:
        """What was felt, oldest first (the newest 1,000)."""
        return list(self._entries)

    def first(self, pattern: str, *, after_number: int = 0, since_s: float = float("-inf")) -> Felt | None:
        """The oldest entry of `pattern` with a number above `after_number`, felt at or after `since_s`."""
        for felt in self._entries:
            if felt.pattern == pattern and felt.number > after_number and felt.at_monotonic_s >= since_s:
                return felt
        return None

    def take(self, pattern: str, since_s: float = float("-inf")) -> Felt | None:
        """As `first`, but an entry (and those before it) is given out once only."""
        felt = self.first(pattern, after_number=self._given.get(pattern, 0), since_s=since_s)
        if felt is not None:
            self._given[pattern] = felt.number
        return felt

    async def news(self) -> None:
        """Return when something was added after this call began."""
        await self._news.wait()
