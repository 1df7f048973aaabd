"""One open live connection: what still has to be sent to it, and how far behind it is.

No I/O and no clock: the caller says what time it is. Incidents are never left out. Deltas and ticks are, when the
viewer is behind: then everything it missed is folded into one delta, sent once it has caught up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from enum import IntEnum

CONFLATE_AFTER_S = 3.0
CLOSE_AFTER_S = 10.0
#: Messages waiting for one viewer. Only a flood of incidents comes near it; then a fresh snapshot is better.
MAX_WAITING = 1000


class Close(IntEnum):
    """Why a live connection ends (WebSocket close codes)."""

    RECONNECT = 1012
    MALFORMED = 4001
    BEHIND = 4008
    SESSION_ENDED = 4401


@dataclass(frozen=True, slots=True)
class Changed:
    """The ids of what changed."""

    units: frozenset[str] = frozenset()
    courts: frozenset[str] = frozenset()

    def __or__(self, other: Changed) -> Changed:
        return Changed(self.units | other.units, self.courts | other.courts)


@dataclass(frozen=True, slots=True)
class Message:
    """A message to a viewer. `changed` is what a delta or tick tells; None marks one that is never left out."""

    seq: int
    text: str
    changed: Changed | None = None


class Viewer:
    """State of one connection. Owned by the hub's event loop."""

    def __init__(self, snapshot: Message, now_s: float) -> None:
        self._waiting: deque[Message] = deque()
        self._unseen: deque[tuple[int, float]] = deque()
        self._wake = asyncio.Event()
        self._highest_seq = snapshot.seq
        self.ended = asyncio.Event()
        self.close_code: Close | None = None
        self.conflating = False
        self.missed = Changed()
        self._queue(snapshot, now_s)

    def push(self, message: Message, now_s: float) -> None:
        """Queue a message; a delta or tick is folded into `missed` while the viewer is behind."""
        if message.changed is not None and self.conflating:
            self.missed |= message.changed
        elif len(self._waiting) >= MAX_WAITING:
            self.end(Close.BEHIND)
        else:
            self._queue(message, now_s)

    def check(self, now_s: float) -> None:
        """Once a beat: start or end conflating, or give the viewer up."""
        behind_s = now_s - self._unseen[0][1] if self._unseen else 0.0
        if behind_s > CLOSE_AFTER_S:
            self.end(Close.BEHIND)
        elif behind_s > CONFLATE_AFTER_S:
            self._conflate()

    @property
    def caught_up(self) -> bool:
        """It conflates, has seen all that was sent, and should now get one delta of what it missed."""
        return self.conflating and not self._unseen

    def catch_up(self, message: Message, now_s: float) -> None:
        """Queue the delta that replaces all that was left out."""
        self.conflating = False
        self.missed = Changed()
        self._queue(message, now_s)

    def seen(self, seq: int) -> None:
        """The viewer has seen everything up to `seq`. Raises ValueError for one that was never sent."""
        if seq > self._highest_seq:
            raise ValueError("seq was never sent")
        while self._unseen and self._unseen[0][0] <= seq:
            self._unseen.popleft()

    async def next(self) -> str:
        """The next text to send; waits for one."""
        while not self._waiting:
            self._wake.clear()
            await self._wake.wait()
        return self._waiting.popleft().text

    def end(self, code: Close) -> None:
        """Close the connection with `code`; the first code counts."""
        if self.close_code is None:
            self.close_code = code
            self.ended.set()

    def _queue(self, message: Message, now_s: float) -> None:
        self._waiting.append(message)
        self._unseen.append((message.seq, now_s))
        self._highest_seq = message.seq
        self._wake.set()

    def _conflate(self) -> None:
        self.conflating = True
        dropped = {message.seq for message in self._waiting if message.changed is not None}
        if not dropped:
            return
        for message in self._waiting:
            self.missed |= message.changed or Changed()
        self._waiting = deque(message for message in self._waiting if message.seq not in dropped)
        self._unseen = deque(entry for entry in self._unseen if entry[0] not in dropped)
