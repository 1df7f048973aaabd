"""One direction of one connection through the link: read, hold for as long as the link says, write."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol

from simulator.clock import Clock
from simulator.shaping import SEGMENT_BYTES, Direction

LINE_SEGMENTS = 64  # in the air at once; then the sender is held back
CLEAR_READ_BYTES = 16 * 1024


class Path(Protocol):
    """What a pump asks of its link."""

    def direction(self) -> Direction:
        """The present shape of this direction."""
        ...

    async def passable(self) -> None:
        """Return when the link is not cut."""
        ...


class Pump:
    """Moves bytes from `source` to `sink` in order until the end of file, which it passes on."""

    def __init__(
        self,
        source: socket.socket,
        sink: socket.socket,
        path: Path,
        clock: Clock,
        moved: Callable[[int], None],
    ) -> None:
        self._source, self._sink, self._path, self._clock, self._moved = source, sink, path, clock, moved
        self._line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(LINE_SEGMENTS)
        self._last_due_s = float("-inf")

    async def run(self) -> None:
        """Returns after the end of file was passed on. Raises OSError when either side breaks."""
        writer = asyncio.create_task(self._write(), name="link writer")
        reader = asyncio.create_task(self._read(), name="link reader")
        try:
            done, _ = await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in (reader, writer):
                task.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._path.passable()
            clear = self._path.direction().shape.clear
            data = await loop.sock_recv(self._source, CLEAR_READ_BYTES if clear else SEGMENT_BYTES)
            await self._path.passable()
            now_s = self._clock.monotonic_s()
            go_on_s, due_s = self._path.direction().arrival_s(len(data), now_s)
            self._last_due_s = due_s = max(due_s, self._last_due_s)  # TCP never overtakes itself
            await self._line.put((due_s, data))
            if not data:
                return
            if go_on_s > now_s:
                await self._clock.sleep_s(go_on_s - now_s)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s, data = await self._line.get()
            wait_s = due_s - self._clock.monotonic_s()
            if wait_s > 0:
                await self._clock.sleep_s(wait_s)
            await self._path.passable()
            if not data:
                self._sink.shutdown(socket.SHUT_WR)
                return
            await loop.sock_sendall(self._sink, data)
            self._moved(len(data))
