"""When a block was taken, on the gateway's clock: the unit's stamp of the segment and the time in it, less the offset
of the unit's clock. What contradicts its own arrival is not believed."""

from __future__ import annotations

from collections import deque

STATES = 8
SET_MS = 5_000
"""A clock that moves by more was set: what was known of it before is worth nothing."""
SAME_MS = 20
DOUBT_MS = 30_000
AHEAD_MS = 1_000
"""A base that lies so much after the arrival is worth nothing: then what came quickest seems not delayed at all."""


class Offset:
    """Of a unit's clock, from its States. Each has its time on the way in it, which only makes the offset smaller: of
    the last few, the largest is the best."""

    def __init__(self) -> None:
        self._seen: deque[int] = deque(maxlen=STATES)
        self.ms: int | None = None

    def state(self, offset_ms: int | None) -> None:
        """`clock_offset_ms` of the unit's status, as it is now."""
        if offset_ms is None:
            self._seen.clear()
            self.ms = None
        elif not self._seen or offset_ms != self._seen[-1]:
            if self._seen and abs(offset_ms - max(self._seen)) > SET_MS:
                self._seen.clear()
            self._seen.append(offset_ms)
            best = max(self._seen)
            # Small differences are no news: sound would not be in step with itself across two segments.
            if self.ms is None or abs(best - self.ms) > SAME_MS:
                self.ms = best


class Placing:
    """Of one segment. `began_ms`: the unit's time of its first block, `offset_ms`: of its clock; None: not known, and
    then the block that came quickest counts as taken when it came."""

    def __init__(self, began_ms: int | None = None, offset_ms: int | None = None) -> None:
        self._base_ms = None if began_ms is None or offset_ms is None else began_ms - offset_ms
        self._earliest_ms: int | None = None

    def taken_ms(self, time_ms: int, received_ms: int) -> int:
        """UTC, never later than it came."""
        arrival_ms = received_ms - time_ms
        if self._earliest_ms is None or arrival_ms < self._earliest_ms:
            self._earliest_ms = arrival_ms
        if self._base_ms is None or self.estimated:
            return self._earliest_ms + time_ms
        return min(self._base_ms, self._earliest_ms) + time_ms

    @property
    def estimated(self) -> bool:
        """Whether the unit's own time has no part in what `taken_ms` said: then it tells no delay."""
        base_ms, earliest_ms = self._base_ms, self._earliest_ms
        return base_ms is None or earliest_ms is None or not -DOUBT_MS <= base_ms - earliest_ms <= AHEAD_MS

    def late_ms(self, time_ms: int, received_ms: int) -> int:
        """How long the block was on its way, at the least: longer than the quickest one, if `estimated`."""
        return received_ms - self.taken_ms(time_ms, received_ms)
