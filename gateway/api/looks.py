"""Which looks are in the audit already: a player asks for many pieces, and its look is one."""

from __future__ import annotations

from collections import OrderedDict

AGAIN_MS = 600_000
LOOKS_MAX = 10_000


class Looks:
    """Remembers who looked at what in the last ten minutes."""

    def __init__(self) -> None:
        self._noted_ms: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    def new(self, login: str, action: str, subject: str, now_ms: int) -> bool:
        """Whether this look is to be written down."""
        key = (login, action, subject)
        noted_ms = self._noted_ms.get(key)
        return noted_ms is None or now_ms - noted_ms >= AGAIN_MS

    def noted(self, login: str, action: str, subject: str, now_ms: int) -> None:
        """It was written down."""
        key = (login, action, subject)
        self._noted_ms[key] = now_ms
        self._noted_ms.move_to_end(key)
        if len(self._noted_ms) > LOOKS_MAX:
            self._noted_ms.popitem(last=False)
