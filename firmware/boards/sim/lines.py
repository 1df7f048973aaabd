"""JSON lines over a non-blocking socket: bounded both ways, and never waited for."""

import asyncio
import json

MOST_LINE_BYTES = 1024
MOST_WAITING_BYTES = 16_384


class Lines:
    """One control connection. What does not fit is dropped and counted in `dropped`."""

    def __init__(self, sock) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._reader = asyncio.StreamReader(sock)
        self._in = bytearray(MOST_LINE_BYTES)
        self._used = 0
        self._out = b""
        self.dropped = 0

    def send(self, message: dict) -> None:
        """Sends one object now, or as soon as the other side reads."""
        line = json.dumps(message).encode() + b"\n"
        if len(self._out) + len(line) > MOST_WAITING_BYTES:
            self.dropped += 1
            return
        self._out += line
        self.flush()

    def flush(self) -> None:
        """Sends what waits, as far as the socket takes it. Raises OSError when the connection is gone."""
        while self._out:
            try:
                sent = self._sock.write(self._out)
            except OSError as error:
                if error.errno == 11:
                    return
                raise
            if not sent:
                return
            self._out = self._out[sent:]

    async def read(self) -> "list[dict]":
        """The next objects. Raises OSError at the end of the connection."""
        found = []
        view = memoryview(self._in)
        size = await self._reader.readinto(view[self._used :])
        if not size:
            raise OSError("the simulator has gone")
        self._used += size
        start = 0
        while True:
            end = self._in.find(b"\n", start, self._used)
            if end < 0:
                break
            try:
                message = json.loads(bytes(view[start:end]))
            except ValueError:
                message = None
            if isinstance(message, dict):
                found.append(message)
            else:
                self.dropped += 1
            start = end + 1
        left = self._used - start
        if left == MOST_LINE_BYTES:
            self.dropped += 1
            left = 0
        view[:left] = bytes(view[start : start + left])
        self._used = left
        return found
