"""Chunks on their way to the disk: gathered a moment, so that what many units send is written in few, longer pieces.

Most of what a write costs does not depend on its length. What is lost with a gateway that is killed meanwhile is asked
for again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from gateway.evidence.shelf import Piece

GATHER_S = 0.1
GATHER_BYTES = 4 << 20
WAITING_MAX_BYTES = 8 << 20
"""More are not taken before these are written."""


class Intake:
    """Keep `run` in a task. `write(pieces)` puts them on the disk, `marked(number)` hears of each mark after that."""

    def __init__(
        self, write: Callable[[Sequence[Piece]], Awaitable[None]], marked: Callable[[int], None]
    ) -> None:
        self._write = write
        self._marked = marked
        self._pieces: list[Piece] = []
        self._bytes = 0
        self._marks: list[int] = []
        self._one_writes = asyncio.Lock()
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    @property
    def busy(self) -> bool:
        """Whether anything is not written yet."""
        return self._one_writes.locked() or bool(self._pieces)

    async def put(self, pieces: Sequence[Piece]) -> None:
        """In their order. Waits while too many are not written."""
        self._pieces += pieces
        self._bytes += sum(len(piece.data) for piece in pieces)
        self._news.set()
        if self._bytes >= GATHER_BYTES:
            self._hurry.set()
        if self._bytes >= WAITING_MAX_BYTES:
            self._room.clear()
            await self._room.wait()

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
            self._pieces, self._bytes, self._marks = [], 0, []
            self._news.clear()
            self._hurry.clear()
            self._room.set()
            if pieces:
                await self._write(pieces)
            for number in marks:
                self._marked(number)
