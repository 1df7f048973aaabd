"""Picture and sound of a simulated unit: two loopback sockets, one clock for both.

Each picture goes out at its time, the sound of a stretch at that stretch's end, as from a real camera and microphone.
Both count from the moment at which the unit was entered, through all its power cuts. A unit that is off gets nothing;
one that does not read loses pictures and sound, counted, and never holds the simulator up.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

from simulator.board import Message
from simulator.clock import Clock
from simulator.errors import BoardWireError

if TYPE_CHECKING:
    from simulator.camera import Camera
    from simulator.microphone import Microphone

PACKET_MS = 20
LATE_MS = 1000  # who is so far behind goes on with now
SENT_BYTES = 64 * 1024  # of the socket; more would wait there and be told as new
SOUND_BACKLOG_BYTES = 32 * 1024
FPS_MAX = 25
SIDE_MAX = 4096
T = TypeVar("T")


@dataclass(slots=True)
class MediaCounts:
    """What went out, and what was dropped because it was not read or not made in time."""

    pictures: int = 0
    pictures_dropped: int = 0
    sound_ms: int = 0
    sound_dropped_ms: int = 0


class Media:
    """Async context manager; `None` for what the unit does not have. `open_camera` and `open_microphone` raise
    NotFound, which entering passes on."""

    def __init__(
        self,
        clock: Clock,
        open_camera: Callable[[], Camera] | None,
        open_microphone: Callable[[], Microphone] | None,
    ) -> None:
        self._clock = clock
        self._open_camera, self._open_microphone = open_camera, open_microphone
        self._camera: Camera | None = None
        self._microphone: Microphone | None = None
        self._fps = 0
        self._told = asyncio.Event()  # what the unit wants of its camera
        self._zero_s = 0.0
        # A webcam, a clip and a large picture take their time; the loop has none.
        self._thread = ThreadPoolExecutor(1, "camera")
        self._stack = contextlib.AsyncExitStack()
        self._writers: dict[Callable[[asyncio.StreamWriter], Awaitable[None]], asyncio.StreamWriter] = {}
        self.counts = MediaCounts()
        self.camera_port: int | None = None
        self.microphone_port: int | None = None

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self._thread.shutdown)
            self._zero_s = self._clock.monotonic_s()
            if self._open_camera is not None:
                self._camera = await self._in_thread(self._open_camera)
                stack.push_async_callback(self._in_thread, self._camera.close)
                self.camera_port = await self._listen(stack, self._pictures)
            if self._open_microphone is not None:
                self._microphone = self._open_microphone()
                stack.callback(self._microphone.close)
                self.microphone_port = await self._listen(stack, self._sounds)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def environment(self) -> dict[str, str]:
        """Where the firmware finds them (docs/firmware.md)."""
        ports = {"TIPSTAFF_SIM_CAMERA": self.camera_port, "TIPSTAFF_SIM_MIC": self.microphone_port}
        return {name: str(port) for name, port in ports.items() if port is not None}

    def configure(self, message: Message) -> None:
        """The unit's line `camera`. Raises BoardWireError for a size or a pace that no camera has."""
        width, height, fps = (message.get(name) for name in ("width", "height", "fps"))
        if not isinstance(width, int) or not isinstance(height, int) or not isinstance(fps, int):
            raise BoardWireError("camera without width, height or fps")
        if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX and 0 < fps <= FPS_MAX):
            raise BoardWireError(f"a camera of {width}x{height} and {fps} pictures a second")
        if self._camera is not None:
            self._camera.resize(width, height)
        self._fps = fps
        self._told.set()

    def disconnect(self) -> None:
        """The unit is off: drop its connections at once."""
        for writer in self._writers.values():
            writer.transport.abort()

    @property
    def now_ms(self) -> int:
        """Since the unit was entered, as the scene shows it."""
        return round((self._clock.monotonic_s() - self._zero_s) * 1000)

    async def _listen(
        self, stack: contextlib.AsyncExitStack, feed: Callable[[asyncio.StreamWriter], Awaitable[None]]
    ) -> int:
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_BYTES)

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            before = self._writers.get(feed)
            if before is not None:
                before.transport.abort()
            self._writers[feed] = writer
            try:
                with contextlib.suppress(ConnectionError):
                    await feed(writer)
            finally:
                if self._writers.get(feed) is writer:
                    del self._writers[feed]
                writer.transport.abort()

        server = await asyncio.start_server(serve, sock=listening)

        async def close() -> None:
            server.close()
            self.disconnect()
            await server.wait_closed()

        stack.push_async_callback(close)
        return int(listening.getsockname()[1])

    async def _pictures(self, writer: asyncio.StreamWriter) -> None:
        assert self._camera is not None
        await self._told.wait()
        due_ms = self.now_ms
        while not writer.transport.is_closing():
            due_ms += 1000 // self._fps
            late_ms = self.now_ms - due_ms
            if late_ms > 1000 // self._fps:
                missed = late_ms * self._fps // 1000
                self.counts.pictures_dropped += missed
                due_ms += missed * 1000 // self._fps
            if not self._camera.ahead:
                await self._until(due_ms)
            picture = await self._in_thread(partial(self._camera.shoot, due_ms))
            await self._until(due_ms)
            if writer.transport.get_write_buffer_size():
                self.counts.pictures_dropped += 1
                continue
            writer.write(len(picture).to_bytes(4, "big") + picture)
            self.counts.pictures += 1

    async def _sounds(self, writer: asyncio.StreamWriter) -> None:
        assert self._microphone is not None
        from_ms = self.now_ms
        while not writer.transport.is_closing():
            await self._until(from_ms + PACKET_MS)
            late_ms = self.now_ms - from_ms
            if late_ms > LATE_MS:
                self.counts.sound_dropped_ms += late_ms
                from_ms += late_ms
                continue
            samples = self._microphone.listen(from_ms, PACKET_MS)
            from_ms += PACKET_MS
            if writer.transport.get_write_buffer_size() > SOUND_BACKLOG_BYTES:
                self.counts.sound_dropped_ms += PACKET_MS
                continue
            writer.write(samples.astype("<i2").tobytes())
            self.counts.sound_ms += PACKET_MS

    async def _until(self, at_ms: int) -> None:
        wait_s = self._zero_s + at_ms / 1000 - self._clock.monotonic_s()
        if wait_s > 0:
            await self._clock.sleep_s(wait_s)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
