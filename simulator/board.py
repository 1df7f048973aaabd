"""The unit's hardware on two loopback sockets: a JSON-lines control socket and the GNSS byte stream.

The firmware's `boards/sim` connects to both. What stays true while the unit is off (battery, signal,
storage, a held button) is remembered here and told again at every connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from simulator.errors import BoardWireError

Message = dict[str, object]
LINE_LIMIT_BYTES = 8 * 1024
CONTROL_BACKLOG_BYTES = 64 * 1024
DRAIN_S = 1.0
GNSS_BACKLOG_BYTES = 8 * 1024
KEPT_STATE = ("battery", "signal", "storage", "button", "card")


def parse_line(line: bytes) -> Message:
    """One line of the control socket. Raises BoardWireError for anything but an object with a text `t`."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BoardWireError(f"not JSON: {line[:80]!r}") from error
    if not isinstance(value, dict) or not isinstance(value.get("t"), str):
        raise BoardWireError(f"not an object with a text `t`: {line[:80]!r}")
    return value


def format_line(message: Message) -> bytes:
    """A message as one line of compact JSON in ASCII."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


@dataclass(slots=True)
class BoardCounts:
    """What could not be used, and what had to be dropped."""

    lines_bad: int = 0
    lines_dropped: int = 0  # told to a unit that was off or did not read
    gnss_dropped: int = 0  # bursts that found no reader


class Board:
    """Listens for one unit. `on_message` gets each control message, `on_closed` the end of a connection."""

    def __init__(self, on_message: Callable[[Message], None], on_closed: Callable[[], None]) -> None:
        self._on_message = on_message
        self._on_closed = on_closed
        self._servers: list[asyncio.Server] = []
        self._control: asyncio.StreamWriter | None = None
        self._gnss: asyncio.StreamWriter | None = None
        self._quiet = asyncio.Event()  # nobody is on the control socket
        self._quiet.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._state: dict[str, Message] = {}
        self.counts = BoardCounts()
        self.control_port = 0
        self.gnss_port = 0

    async def start(self) -> None:
        """Listen on two free ports of 127.0.0.1."""
        for serve in (self._serve_control, self._serve_gnss):
            self._servers.append(await asyncio.start_server(serve, "127.0.0.1", 0, limit=LINE_LIMIT_BYTES))
        self.control_port, self.gnss_port = (int(s.sockets[0].getsockname()[1]) for s in self._servers)

    async def close(self) -> None:
        """Stop listening and close the connections; the firmware ends when its control socket closes."""
        for server in self._servers:
            server.close()
        self.disconnect()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    async def drain(self) -> None:
        """After the unit's death: until its last words were heard, at most 1 s."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await self._quiet.wait()

    def disconnect(self) -> None:
        """Drop the connections at once."""
        for writer in list(self._writers):
            writer.transport.abort()
        self._control = self._gnss = None

    @property
    def connected(self) -> bool:
        """Whether a unit is on the control socket."""
        return self._control is not None

    def tell(self, message: Message) -> bool:
        """Send a control message; False (and counted) when the unit is off or does not read."""
        kind = str(message["t"])
        if kind in KEPT_STATE:
            self._state[kind] = message
        writer = self._control
        if writer is None or writer.transport.get_write_buffer_size() > CONTROL_BACKLOG_BYTES:
            self.counts.lines_dropped += 1
            return False
        writer.write(format_line(message))
        return True

    def feed_gnss(self, data: bytes) -> bool:
        """Send receiver output; False (and counted) when nobody reads it."""
        writer = self._gnss
        if writer is None or writer.transport.get_write_buffer_size() > GNSS_BACKLOG_BYTES:
            self.counts.gnss_dropped += 1
            return False
        writer.write(data)
        return True

    async def _serve_control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._control is not None:
            self._control.transport.abort()
        self._control = writer
        self._quiet.clear()
        self._writers.add(writer)
        for message in self._state.values():
            writer.write(format_line(message))
        try:
            await self._read_control(reader)
        finally:
            await self._forget(writer)
            if self._control is writer or self._control is None:
                self._control = None
                self._quiet.set()
                self._on_closed()

    async def _read_control(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await reader.readline()
                if not line:
                    return
                self._on_message(parse_line(line))
            except (ValueError, BoardWireError):  # ValueError: a line over the limit, which was skipped
                self.counts.lines_bad += 1
            except ConnectionError:
                return

    async def _serve_gnss(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._gnss is not None:
            self._gnss.transport.abort()
        self._gnss = writer
        self._writers.add(writer)
        try:
            with contextlib.suppress(ConnectionError):
                while await reader.read(1024):
                    pass  # commands to the receiver are not simulated
        finally:
            await self._forget(writer)
            if self._gnss is writer:
                self._gnss = None

    async def _forget(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
