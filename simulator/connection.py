"""One TCP connection of a unit through the link, from accept to the end of both sides."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from simulator.clock import Clock
from simulator.pump import Path, Pump

BUFFER_BYTES = 16 * 1024  # of each socket: the target's modem holds little, and large buffers hide delay
HELD_BYTES = 16 * 1024  # of what a unit says into a black hole before the link is restored


class Fate(Enum):
    """How a connection ended, or is to end."""

    OPEN = auto()
    FINISHED = auto()  # both sides said end of file
    BROKEN = auto()  # RST to both sides
    ABANDONED = auto()  # the unit lost its power: the broker hears nothing, not even a FIN
    SWALLOWED = auto()  # opened into a black hole, given up by the unit
    REFUSED = auto()  # the broker was not there


class Side(Protocol):
    """What a connection needs of its link."""

    opened: asyncio.Event

    @property
    def broker(self) -> tuple[str, int]:
        """Host and port of the broker."""
        ...

    def path(self, up: bool) -> Path:
        """The way up or down."""
        ...

    def count(self, up: bool) -> Callable[[int], None]:
        """Where moved bytes are counted."""
        ...


def make_small(sock: socket.socket) -> None:
    """Small buffers and no Nagle."""
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def break_off(sock: socket.socket) -> None:
    """Close with RST instead of FIN."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Connection:
    """Owns the unit's socket and, once connected, the broker's. `run` closes both."""

    def __init__(self, unit: socket.socket, link: Side, clock: Clock) -> None:
        self.fate = Fate.OPEN
        self._unit, self._link, self._clock = unit, link, clock
        self._broker: socket.socket | None = None
        self._work: asyncio.Task[None] | None = None

    def end(self, fate: Fate) -> None:
        """Ask for an end by force: BROKEN or ABANDONED."""
        if self.fate is Fate.OPEN:
            self.fate = fate
            if self._work is not None:
                self._work.cancel()

    async def run(self) -> Fate:
        """Carry bytes until the end; returns how it ended. An abandoned one waits for the broker to give up."""
        try:
            if self.fate is Fate.OPEN:
                self._work = asyncio.create_task(self._carry(), name="link connection")
                await asyncio.wait({self._work})
                if (
                    not self._work.cancelled()
                    and self._work.exception() is not None
                    and self.fate is Fate.OPEN
                ):
                    self.fate = Fate.BROKEN
            if self.fate is Fate.ABANDONED and self._broker is not None:
                break_off(self._unit)
                await self._swallow(self._broker)
        finally:
            if self._work is not None:
                self._work.cancel()
                await asyncio.gather(self._work, return_exceptions=True)
            for sock in (self._unit, self._broker):
                if sock is not None:
                    sock.close() if self.fate is Fate.FINISHED else break_off(sock)
        return self.fate

    async def _carry(self) -> None:
        early = await self._early()
        if early is None:
            self.fate = Fate.SWALLOWED
            return
        self._broker = broker = await self._connect()
        if broker is None:
            self.fate = Fate.REFUSED
            return
        if early:
            await asyncio.get_running_loop().sock_sendall(broker, early)
            self._link.count(True)(len(early))
        pumps = (
            Pump(self._unit, broker, self._link.path(True), self._clock, self._link.count(True)),
            Pump(broker, self._unit, self._link.path(False), self._clock, self._link.count(False)),
        )
        tasks = [asyncio.create_task(pump.run(), name="link pump") for pump in pumps]
        try:
            await asyncio.gather(*tasks)
            self.fate = Fate.FINISHED
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _early(self) -> bytes | None:
        """What the unit said before the link opened; None when it gave up first."""
        if self._link.opened.is_set():
            return b""
        loop = asyncio.get_running_loop()
        opened = asyncio.create_task(self._link.opened.wait(), name="link opens")
        reading: asyncio.Task[bytes] | None = None
        early = b""
        try:
            while not opened.done() and len(early) < HELD_BYTES:
                reading = asyncio.create_task(loop.sock_recv(self._unit, 4096), name="link holds")
                await asyncio.wait({opened, reading}, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    data = reading.result()
                    if not data:
                        return None
                    early += data
            await opened
            return early
        except ConnectionError:
            return None
        finally:
            opened.cancel()
            if reading is not None:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _connect(self) -> socket.socket | None:
        loop = asyncio.get_running_loop()
        host, port = self._link.broker
        for family, kind, number, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            broker = socket.socket(family, kind, number)
            broker.setblocking(False)
            try:
                make_small(broker)
                await loop.sock_connect(broker, address)
            except OSError:
                broker.close()
            except BaseException:
                broker.close()
                raise
            else:
                return broker
        return None

    @staticmethod
    async def _swallow(broker: socket.socket) -> None:
        """Read what the broker says to a unit that is no more."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while await loop.sock_recv(broker, 4096):
                pass
