"""Chunks on their way to the disk: gathered a moment, so that what many units send is written in few, longer pieces.

Most of what a write costs does not depend on its length. A disk that is slow holds nobody up who watches: more than
may wait is left out, which is asked for again, as is what is lost with a gateway that is killed meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from gateway.evidence.shelf import Piece

GATHER_S = 0.1
GATHER_BYTES = 4 << 20


class Intake:
    """Keep `run` in a task. `write(pieces)` puts them on the disk, `marked(number)` hears of each mark after that.
    bound_bytes: most that is here at once."""

    def __init__(
        self,
        write: Callable[[Sequence[Piece]], Awaitable[None]],
        marked: Callable[[int], None],
        bound_bytes: int,
    ) -> None:
        self._write = write
        self._marked = marked
        self._bound_bytes = bound_bytes
        self._pieces: list[Piece] = []
        self._bytes = self._being_written_bytes = 0
        self._marks: list[int] = []
        self._one_writes = asyncio.Lock()
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Whether anything is not written yet."""
        return self._one_writes.locked() or bool(self._pieces)

    def put(self, pieces: Sequence[Piece]) -> int:
        """In their order; returns how many are left out, because too much is not written yet."""
        room = self._bound_bytes - self._being_written_bytes - self._bytes
        size, count = 0, 0
        for piece in pieces:
            if size + len(piece.data) > room:
                break
            size += len(piece.data)
            count += 1
        self._pieces += pieces[:count]
        self._bytes += size
        if count:
            self._news.set()
        if self._bytes >= GATHER_BYTES:
            self._hurry.set()
        return len(pieces) - count

    def mark(self, number: int) -> None:
        """Tell `marked` once everything before it is written."""
        self._marks.append(number)
        self._news.set()
        self._hurry.set()

    async def run(self) -> None:
        """Write, until cancelled."""
        while True:
            await self._news.wait()
            if not self._hurry.is_set():
                try:
                    async with asyncio.timeout(GATHER_S):
                        await self._hurry.wait()
                except TimeoutError:
                    pass
            await self.flush()

    async def flush(self) -> None:
        """Return when what is here now is written, and all that came before it."""
        async with self._one_writes:
            pieces, marks = self._pieces, self._marks
            self._being_written_bytes = self._bytes
            self._pieces, self._bytes, self._marks = [], 0, []
            self._news.clear()
            self._hurry.clear()
            try:
                if pieces:
                    await self._write(pieces)
            finally:
                self._being_written_bytes = 0
            for number in marks:
                self._marked(number)
