"""Camera and loudspeaker of a simulated unit: a loopback socket for one JPEG after the other, and one for samples."""

import asyncio
import time

NOTHING = b""
AHEAD_US = 40_000
BYTES_S = 32_000
_AGAIN = 11


class SocketCamera:
    """Each picture: its length (4 bytes, big endian) and its bytes. One that is too long is read and is nothing."""

    late_ms = 0  # since its length came

    def __init__(self, sock, show) -> None:
        sock.setblocking(False)
        self._reader = asyncio.StreamReader(sock)
        self._show = show
        self._head = bytearray(4)
        self._view = memoryview(b"")
        self.width = self.height = 0

    def configure(self, width: int, height: int, fps: int, most_bytes: int) -> None:
        """Tells the simulator what is wanted; it may send what it has."""
        self.width, self.height = width, height
        self._view = memoryview(bytearray(most_bytes))
        self._show("camera", width=width, height=height, fps=fps)

    async def frame(self):
        """The next picture. Waits for ever when the stream has ended: the simulator ends the unit."""
        await self._fill(memoryview(self._head))
        began_ms = time.ticks_ms()
        left = int.from_bytes(self._head, "big")
        if left <= len(self._view):
            await self._fill(self._view[:left])
            self.late_ms = time.ticks_diff(time.ticks_ms(), began_ms)
            return self._view[:left]
        while left:
            count = min(left, len(self._view))
            await self._fill(self._view[:count])
            left -= count
        return NOTHING

    async def _fill(self, view) -> None:
        at = 0
        while at < len(view):
            count = await self._reader.readinto(view[at:])
            if not count:
                await asyncio.Event().wait()
            at += count


class SocketSpeaker:
    """16-bit samples as they begin to sound or up to 40 ms before, as the DMA of the target takes them.

    A simulator that does not read is not waited for: it hears less.
    """

    def __init__(self, sock) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._rest = b""
        self._until_us = time.ticks_us()
        self.dropped = 0

    async def play(self, samples) -> None:
        """Returns when all has been taken."""
        now_us = time.ticks_us()
        if time.ticks_diff(self._until_us, now_us) < 0:
            self._until_us = now_us
        self._until_us = time.ticks_add(self._until_us, len(samples) * 1_000_000 // BYTES_S)
        wait_us = time.ticks_diff(self._until_us, now_us) - AHEAD_US
        await asyncio.sleep_ms(max(0, wait_us + 999) // 1000)
        if self._rest:
            self._rest = self._rest[self._send(self._rest) :]
        if self._rest:
            self.dropped += 1
            return
        sent = self._send(samples)
        if sent and sent < len(samples):
            # Half a packet would shift all that follows.
            self._rest = bytes(samples[sent:])
        self.dropped += not sent

    def _send(self, data) -> int:
        """How much of it went out. Raises OSError when the simulator has gone."""
        try:
            return self._sock.write(data) or 0
        except OSError as error:
            if error.errno == _AGAIN:
                return 0
            raise
