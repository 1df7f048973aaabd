"""A scripted broker on a loopback socket, for faults that no real broker makes on demand."""

import asyncio
import time

from loopback import listen
from mqtt.client import Client
from mqtt.options import Options
from mqtt.stream import open_stream

DEADLINE_MS = 20_000


class Link:
    """One accepted connection, seen from the broker's side."""

    def __init__(self, stream):
        self.stream = stream

    async def packet(self):
        """The next packet of the client: (first byte, body)."""
        first = (await self._exactly(1))[0]
        length = shift = 0
        while True:
            byte = (await self._exactly(1))[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return first, await self._exactly(length)

    async def publish(self):
        """The next packet, which must be a PUBLISH of 3.1.1 with QoS 1: (first byte, identifier, payload)."""
        first, body = await self.packet()
        assert first & 0xF6 == 0x32, hex(first)
        at = 2 + (body[0] << 8 | body[1])
        return first, body[at] << 8 | body[at + 1], body[at + 2 :]

    async def publishes(self, count):
        rows = []
        while len(rows) < count:
            rows.append(await self.publish())
        return rows

    async def discard(self, count):
        """Reads and forgets `count` bytes."""
        while count:
            count -= len(await asyncio.wait_for_ms(self.stream.read(min(count, 8192)), DEADLINE_MS))

    async def _exactly(self, count):
        return await asyncio.wait_for_ms(self.stream.readexactly(count), DEADLINE_MS)

    async def send(self, data):
        data = bytes.fromhex(data.replace(" ", "")) if isinstance(data, str) else data
        self.stream.write(data)
        await self.stream.drain()

    async def ended(self):
        """Waits until the client has closed its side."""
        while True:
            try:
                if not await asyncio.wait_for_ms(self.stream.read(512), DEADLINE_MS):
                    break
            except OSError as error:
                assert error.errno == 104, error
                break
        self.close()

    def close(self):
        self.stream.s.close()


class Peer:
    """`async with Peer() as peer`: listens; `await peer.link()` is the next connection."""

    async def __aenter__(self):
        self._server, self.port = await listen(self._accepted)
        self._waiting = []
        self._tasks = []
        self._arrived = asyncio.Event()
        return self

    async def __aexit__(self, kind, error, trace):
        for task in self._tasks:
            task.cancel()
        self._server.close()
        await self._server.wait_closed()

    async def _accepted(self, stream, _):
        self._waiting.append(Link(stream))
        self._arrived.set()

    async def link(self, connack="20020000"):
        """The next connection; its CONNECT has been read and, unless `connack` is "", answered."""
        while not self._waiting:
            self._arrived.clear()
            await asyncio.wait_for_ms(self._arrived.wait(), DEADLINE_MS)
        link = self._waiting.pop(0)
        link.connect = await link.packet()
        if connack:
            await link.send(connack)
        return link

    def client(self, on_message=None, opener=open_stream, **changes):
        """A client of this peer whose `run` is a task that ends with the peer."""
        settings = {"backoff_min_ms": 20, "backoff_max_ms": 50}
        settings.update(changes)
        client = Client(Options("127.0.0.1", self.port, "u1", **settings), on_message, open_stream=opener)
        self.task = self.start(client.run())
        return client

    def start(self, coroutine):
        task = asyncio.create_task(coroutine)
        self._tasks.append(task)
        return task


async def until(condition, within_ms=DEADLINE_MS):
    """Waits until condition() is true; AssertionError after `within_ms`."""
    start_ms = time.ticks_ms()
    while not condition():
        assert time.ticks_diff(time.ticks_ms(), start_ms) < within_ms, "the condition did not come"
        await asyncio.sleep_ms(2)


async def result(task):
    """What a task returned, within the deadline."""
    return await asyncio.wait_for_ms(task, DEADLINE_MS)
