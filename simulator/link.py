"""The radio path between one unit and the broker: a TCP proxy that can be thin, slow, lossy or cut.

TLS passes through untouched. A cut has two faces. `silent` is a black hole, as a tunnel or a dead
modem is: connections stay open, nothing moves, new ones never finish; after `restore` TCP goes on
where it was. `reset` breaks every connection at once and refuses new ones until `restore`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from simulator.clock import Clock, SystemClock
from simulator.connection import Connection, Fate, break_off, make_small
from simulator.shaping import Direction, Shape

CutMode = Literal["silent", "reset"]
CONNECTIONS = 64


@dataclass(slots=True)
class LinkStats:
    """Counters of one link since its start; `open` is the number of connections now."""

    bytes_up: int = 0
    bytes_down: int = 0
    connections: int = 0
    open: int = 0
    refused: int = 0  # by a reset cut, by the broker, or above 64 at once
    swallowed: int = 0  # opened into a black hole and given up by the unit
    stalls: int = 0  # segments held up by loss
    cuts: int = 0


class _Way:
    """One direction, as the pumps see it; follows later changes of the link's shape."""

    def __init__(self, link: Link, up: bool) -> None:
        self._link, self._up = link, up

    def direction(self) -> Direction:
        return self._link._directions[self._up]

    async def passable(self) -> None:
        await self._link.opened.wait()


class Link:
    """Async context manager; `port` on 127.0.0.1 is where the unit connects instead of to the broker."""

    def __init__(
        self, broker_host: str, broker_port: int, *, clock: Clock | None = None, seed: int = 1
    ) -> None:
        self.broker_host, self.broker_port = broker_host, broker_port
        self.host, self.port = "127.0.0.1", 0
        self.cut_mode: CutMode | None = None
        self.opened = asyncio.Event()
        self.opened.set()
        self._clock = clock if clock is not None else SystemClock()
        self._random = Random(seed)
        self._stats = LinkStats()
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._connections: dict[Connection, asyncio.Task[None]] = {}
        self._ways = {up: _Way(self, up) for up in (True, False)}
        self._directions: dict[bool, Direction] = {}
        self.shape()

    @property
    def broker(self) -> tuple[str, int]:
        """Host and port that new connections go to."""
        return self.broker_host, self.broker_port

    @property
    def stats(self) -> LinkStats:
        """A copy of the counters."""
        stalls = self._stats.stalls + sum(direction.stalls for direction in self._directions.values())
        alive = sum(connection.fate is Fate.OPEN for connection in self._connections)
        return replace(self._stats, open=alive, stalls=stalls)

    @property
    def is_cut(self) -> bool:
        """Whether nothing passes."""
        return self.cut_mode is not None

    @property
    def present_shape(self) -> Shape:
        """What `shape` set last."""
        return self._directions[True].shape

    def shape(
        self, bandwidth_bytes_s: float | None = None, delay_ms: float = 0.0, loss_pct: float = 0.0
    ) -> None:
        """Set both directions from now on; without arguments the link is clear. Raises ValueError."""
        shape = Shape(bandwidth_bytes_s, delay_ms, loss_pct)
        self._stats.stalls += sum(direction.stalls for direction in self._directions.values())
        now_s = self._clock.monotonic_s()
        self._directions = {up: Direction(shape, self._random, now_s) for up in (True, False)}

    def cut(self, mode: CutMode = "silent") -> None:
        """Cut the link until `restore`. A `reset` after a `silent` cut breaks what hangs."""
        self._stats.cuts += not self.is_cut
        self.cut_mode = mode
        self.opened.clear()
        if mode == "reset":
            self.drop()

    def restore(self, *, forget: bool = False) -> None:
        """End the cut. `forget` breaks the connections that hung, as a NAT that forgot them does."""
        if forget:
            self.drop()
        self.cut_mode = None
        self.opened.set()

    def drop(self) -> None:
        """Break every present connection by RST; new ones pass, unless the link is cut."""
        for connection in self._connections:
            connection.end(Fate.BROKEN)

    def abandon(self) -> None:
        """The unit lost its power: its side is gone, the broker hears nothing, not even a FIN."""
        for connection in self._connections:
            connection.end(Fate.ABANDONED)

    def path(self, up: bool) -> _Way:
        """The way up or down, for the connections."""
        return self._ways[up]

    def count(self, up: bool) -> Callable[[int], None]:
        """Where the connections count moved bytes."""
        return self._count_up if up else self._count_down

    async def __aenter__(self) -> Link:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        make_small(listener)  # inherited by what is accepted
        listener.setblocking(False)
        listener.bind((self.host, 0))
        listener.listen(CONNECTIONS)
        self.port = int(listener.getsockname()[1])
        self._listener = listener
        self._accepting = asyncio.create_task(self._accept(listener), name=f"link {self.port}")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop listening and break everything. Harmless the second time."""
        tasks = list(self._connections.values())
        if self._accepting is not None:
            tasks.append(self._accepting)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._listener is not None:
            self._listener.close()
        self._accepting = self._listener = None

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _ = await loop.sock_accept(listener)
            except ConnectionError:
                continue
            if self.cut_mode == "reset" or len(self._connections) >= CONNECTIONS:
                self._stats.refused += 1
                break_off(sock)
                continue
            self._stats.connections += 1
            connection = Connection(sock, self, self._clock)
            self._connections[connection] = asyncio.create_task(self._run(connection), name="link connection")

    async def _run(self, connection: Connection) -> None:
        try:
            fate = await connection.run()
            self._stats.swallowed += fate is Fate.SWALLOWED
            self._stats.refused += fate is Fate.REFUSED
        finally:
            self._connections.pop(connection, None)

    def _count_up(self, size_bytes: int) -> None:
        self._stats.bytes_up += size_bytes

    def _count_down(self, size_bytes: int) -> None:
        self._stats.bytes_down += size_bytes
