"""One segment's file as it is put together: which bytes are there, which came live, what is asked for again. Pure."""

from __future__ import annotations

from protocol.errors import ProtocolError
from protocol.ranges import Ranges

HEAD_BYTES = 512
"""Duration lies in it, and is sent a second time when the segment ends."""
TRIES_MAX = 4


class BeyondEnd(ProtocolError):
    """Bytes past the size that the manifest names."""


class Assembly:
    """`held`: what is there; `live`: what of it came as it was recorded; `received_bytes`: how many bytes are there."""

    def __init__(self) -> None:
        self.held = Ranges()
        self.live = Ranges()
        self.received_bytes = 0
        self.last_heard_ms = 0

    def take(self, start: int, end: int, live: bool, size: int | None = None) -> int:
        """`start` up to `end` were written; returns how many bytes of them are new.

        size: of the file, once a manifest names it. Raises BeyondEnd, ProtocolError (too many separate ranges):
        then nothing is changed. Called before the bytes are written, and undone by `lose` if they cannot be.
        """
        if size is not None and end > size:
            raise BeyondEnd(f"{end} is past the end at {size}")
        gaps = [] if self.held.holds(start, end) else self.gaps(start, end)
        new = self.held.add(start, end)
        if live:
            for gap in gaps:
                try:
                    self.live.add(*gap)
                except ProtocolError:
                    break  # told as back-filled: no byte is lost by it
        self.received_bytes += new
        return new

    def gaps(self, start: int, end: int) -> list[tuple[int, int]]:
        """What is missing of `start` up to `end`."""
        if start >= self.held.end:
            return [(start, end)]
        found, at = [], start
        for low, high in self.held:
            if high <= at:
                continue
            if low >= end:
                break
            if low > at:
                found.append((at, low))
            at = high
        if at < end:
            found.append((at, end))
        return found

    def lose(self, start: int, end: int) -> None:
        """`start` up to `end` are not to be believed any more."""
        self.held.remove(start, end)
        self.live.remove(start, end)
        self.received_bytes = self.held.size


def doubted(tries: int, size: int) -> tuple[int, int] | None:
    """What is asked for again when all bytes are there and their hash is not the manifest's, after so many tries.

    First the head (Duration may have come before its last writing), then everything; None: it is no accident.
    """
    if tries >= TRIES_MAX:
        return None
    return (0, min(size, HEAD_BYTES)) if tries == 1 else (0, size)
