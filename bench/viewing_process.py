"""Viewers of live units: `python -m bench.viewing_process FOLDER` (`bench.live`).

`viewing.json` in the folder: {"url": of the gateway's WebSockets, "cookie": header, "units": [ids]}. In, a line with a
number: so many of the units are watched from then on, each by one viewer, which reads all and looks at nothing.

Out, JSON lines: {"connected": 0}, then four times a second {"viewing": n, "blocks": n, "bytes": n, "dropped": n,
"p95_ms": of the blocks since the last line, from when they were taken}. It ends with its input.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import secrets
import struct
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench.film_process import SAY_S
from bench.report import percentile

#: docs/api.md, "Live": kind, track, codec, flags, number, taken_ms, received_ms.
HEAD = struct.Struct(">BBBBIdd")
BLOCK_MAX_BYTES = 2 << 20
SEEN_EVERY = 30
TEXT, BINARY, CLOSE, PING, PONG = 0x81, 0x82, 0x88, 0x89, 0x8A
OPEN_S = 30.0


@dataclass
class Seen:
    """What all of them got."""

    viewing: int = 0
    blocks: int = 0
    bytes: int = 0
    dropped: int = 0
    late_ms: list[float] = field(default_factory=list)


class Viewer(asyncio.Protocol):
    """One viewer: the few bytes of RFC 6455 that it needs, since a library would cost more than what it looks at."""

    def __init__(self, host: str, path: str, cookie: str, seen: Seen) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}\r\n"
            f"Sec-WebSocket-Version: 13\r\nCookie: {cookie}\r\n\r\n"
        )
        self._seen = seen
        self._expected: int | None = None
        self._waits = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request.encode())

    def connection_lost(self, error: Exception | None) -> None:
        self._end(repr(error) if error else "the other side has gone")

    def data_received(self, data: bytes) -> None:
        data = self._waits + data if self._waits else data
        at = 0
        if not self.opened.done():
            at = data.find(b"\r\n\r\n") + 4
            if at < 4:
                self._waits = data
                return
            if not data.startswith(b"HTTP/1.1 101 "):
                self._end(data[:400].decode("latin-1"))
                return
            self.opened.set_result(None)
        while (after := self._frame(data, at)) is not None:
            at = after
        self._waits = data[at:]

    def _frame(self, data: bytes, at: int) -> int | None:
        """Where the frame at `at` ends, once it is whole and read."""
        have = len(data) - at
        if have < 2:
            return None
        size, inside = data[at + 1], at + 2
        if size > 125:
            wide = 2 if size == 126 else 8
            inside += wide
            if inside > len(data):
                return None
            size = int.from_bytes(data[at + 2 : inside], "big")
        end = inside + size
        if size > BLOCK_MAX_BYTES:
            self._end(f"a frame of {size} bytes")
            return None
        if end > len(data):
            return None
        if data[at] == BINARY:
            self._block(data, inside, size)
        elif data[at] == PING:
            self._say(PONG, data[inside:end])
        elif data[at] == CLOSE:
            self._end(f"closed: {data[inside:end]!r}")
        return end

    def _block(self, data: bytes, at: int, size: int) -> None:
        kind, _, _, _, number, taken_ms, _ = HEAD.unpack_from(data, at)
        if kind != 1:
            return
        seen = self._seen
        seen.dropped += 0 if self._expected is None else number - self._expected
        self._expected = number + 1
        seen.blocks += 1
        seen.bytes += size
        seen.late_ms.append(time.time() * 1000 - taken_ms)
        if number % SEEN_EVERY == 0:
            self._say(TEXT, json.dumps({"t": "seen", "number": number}).encode())

    def _say(self, first: int, content: bytes) -> None:
        """A client masks what it sends: by 0 it stays as it is (RFC 6455, 5.3)."""
        assert self._transport is not None and len(content) < 126
        self._transport.write(bytes((first, 0x80 | len(content), 0, 0, 0, 0)) + content)

    def _end(self, why: str) -> None:
        if self._transport is not None:
            self._transport.abort()
        if not self.closed.done():
            self.closed.set_result(why)


async def view(url: str, cookie: str, seen: Seen) -> None:
    """One viewer, until it is cancelled or the other side ends it. Raises ConnectionError."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    _, viewer = await asyncio.get_running_loop().create_connection(
        lambda: Viewer(f"{host}:{port}", parts.path, cookie, seen), host, port
    )
    await asyncio.wait((viewer.opened, viewer.closed), timeout=OPEN_S, return_when=asyncio.FIRST_COMPLETED)
    if viewer.opened.done():
        seen.viewing += 1
    raise ConnectionError(await viewer.closed)


async def watch(folder: Path) -> None:
    """Have as many viewers as is said, until the input ends."""
    plan = json.loads((folder / "viewing.json").read_text("utf-8"))
    seen = Seen()
    gc.freeze()
    print(json.dumps({"connected": 0}), flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    viewers: list[asyncio.Task[None]] = []
    telling = asyncio.create_task(_report(seen))
    try:
        while line := await reader.readline():
            for unit_id in plan["units"][len(viewers) : int(line)]:
                address = f"{plan['url']}/api/v1/units/{unit_id}/live"
                viewers.append(asyncio.create_task(_kept(address, plan["cookie"], seen)))
    finally:
        for task in (telling, *viewers):
            task.cancel()


async def _kept(address: str, cookie: str, seen: Seen) -> None:
    try:
        await view(address, cookie, seen)
    except OSError as error:
        print(f"{address}: {error!r}", file=sys.stderr, flush=True)


async def _report(seen: Seen) -> None:
    while True:
        await asyncio.sleep(SAY_S)
        late_ms, seen.late_ms = seen.late_ms, []
        facts = {"viewing": seen.viewing, "blocks": seen.blocks, "bytes": seen.bytes, "dropped": seen.dropped}
        print(
            json.dumps({**facts, "p95_ms": round(percentile(late_ms, 95)) if late_ms else None}), flush=True
        )


if __name__ == "__main__":
    asyncio.run(watch(Path(sys.argv[1])))
