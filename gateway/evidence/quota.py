"""How many bytes of evidence are kept, by unit and in all, and how many may be. Pure."""

from __future__ import annotations

from collections import defaultdict


class Quota:
    """Bytes by unit and in all."""

    def __init__(self, unit_bytes: int, all_bytes: int) -> None:
        self._unit_bytes = unit_bytes
        self._all_bytes = all_bytes
        self._used: dict[str, int] = defaultdict(int)
        self.used_bytes = 0

    def room(self, unit_id: str) -> int:
        """How many more bytes of this unit may be kept."""
        return max(0, min(self._unit_bytes - self._used[unit_id], self._all_bytes - self.used_bytes))

    def add(self, unit_id: str, count: int) -> None:
        """So many more bytes are kept, or less if negative."""
        self._used[unit_id] += count
        self.used_bytes += count

    def used(self, unit_id: str) -> int:
        """Bytes that are kept of a unit."""
        return self._used[unit_id]
