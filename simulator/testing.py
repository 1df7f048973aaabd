"""Plain async context managers and a clock for tests; no test framework is needed."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class ManualClock:
    """A clock that stands until `advance`. Sleepers wake in the order of their times."""

    now_s: float = 1000.0
    start_utc_ms: int = 1_795_492_800_000  # 2026-11-24T04:00:00Z
    _sleepers: list[tuple[float, int, asyncio.Future[None]]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def monotonic_s(self) -> float:
        """Seconds, as last set."""
        return self.now_s

    def utc_ms(self) -> int:
        """`start_utc_ms` and what has passed since 1000 s."""
        return self.start_utc_ms + round((self.now_s - 1000.0) * 1000)

    async def sleep_s(self, duration_s: float) -> None:
        """Wait until `advance` has gone that far."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now_s + duration_s, next(self._numbers), future))
        self._changed.set()
        await future

    def sleeping(self) -> list[float]:
        """When the present sleepers wake, soonest first."""
        return sorted(due_s for due_s, _, future in self._sleepers if not future.done())

    async def wait_sleepers(self, number: int = 1, timeout_s: float = 30.0) -> None:
        """Until `number` tasks sleep. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while len(self.sleeping()) < number:
                self._changed.clear()
                await self._changed.wait()

    def advance(self, duration_s: float) -> None:
        """Let time pass and wake who is due; they run when the caller awaits."""
        self.now_s += duration_s
        while self._sleepers and self._sleepers[0][0] <= self.now_s + 1e-9:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)


class Peer:
    """A TCP server that keeps what it was sent; stands in for a broker where only bytes matter."""

    def __init__(self) -> None:
        self.port = 0
        self.received = bytearray()
        self.ended = 0  # connections whose other side closed or broke
        self.writers: list[asyncio.StreamWriter] = []
        self._news = asyncio.Event()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        self._tell()
        try:
            while data := await reader.read(65536):
                self.received += data
                self._tell()
        except ConnectionError:
            pass
        self.ended += 1
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def until(self, size_bytes: int = 0, connections: int = 0, ended: int = 0) -> None:
        """Until so many bytes came, connections opened and ended. Raises TimeoutError after 5 s."""
        async with asyncio.timeout(30):
            while len(self.received) < size_bytes or len(self.writers) < connections or self.ended < ended:
                await self._news.wait()


@asynccontextmanager
async def peer() -> AsyncIterator[Peer]:
    """A running Peer on a free port of 127.0.0.1."""
    it = Peer()
    server = await asyncio.start_server(it._serve, "127.0.0.1", 0)
    it.port = int(server.sockets[0].getsockname()[1])
    try:
        yield it
    finally:
        server.close()
        for writer in it.writers:
            writer.transport.abort()
        await server.wait_closed()
