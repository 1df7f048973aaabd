"""Which pictures are passed on to who wants fewer. Pure: by the time at which they were taken."""

from __future__ import annotations

from gateway.relay.telling import Mode, Wish

STILL_MS = 1000
EARLY_MS = 15
"""A picture may come so much before its turn: cameras are not exact."""


class Pace:
    """Of one wish."""

    def __init__(self, wish: Wish) -> None:
        every_ms = 1000 / wish.fps if wish.fps else 0.0
        self._every_ms = max(every_ms, float(STILL_MS)) if wish.mode is Mode.STILLS else every_ms
        self._none = wish.mode < Mode.STILLS
        self._due_ms = 0.0

    def due(self, taken_ms: int) -> bool:
        """Whether it is time for another picture; then that was it."""
        early_ms = self._due_ms - taken_ms
        if self._none or EARLY_MS < early_ms <= self._every_ms:
            return False
        # In step with itself, unless there was a pause, or the unit's clock was set.
        self._due_ms = self._every_ms + (self._due_ms if abs(early_ms) < self._every_ms else taken_ms)
        return True
