"""What a video wall would see: ffmpeg plays an address, and the pictures are read."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import shutil
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from simulator import scene

NEEDED = "the tests need ffmpeg, GStreamer's RTSP server and the system's Python: run `make system`"
OPENED_WITHIN_S = 30.0
# Else it reads twenty pictures of each stream, four seconds, to guess a rate that nobody here asks for.
NO_GUESS = ("-fpsprobesize", "0")


def address(port: int, unit_id: str, login: str, secret: str, query: str = "", scheme: str = "rtsp") -> str:
    """Of a unit."""
    return f"{scheme}://{login}:{secret}@127.0.0.1:{port}/units/{unit_id}{query}"


async def probe(url: str, transport: str = "tcp") -> dict[str, dict[str, str]]:
    """The streams of an address by kind, or what went wrong under `error`."""
    assert shutil.which("ffprobe"), NEEDED
    words = ("-v", "error", "-rtsp_transport", transport, *NO_GUESS, "-show_streams", "-of", "json", url)
    process = await asyncio.create_subprocess_exec(
        "ffprobe", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(OPENED_WITHIN_S):
            out, said = await process.communicate()
    finally:
        await _end(process)
    if process.returncode:
        return {"error": {"text": said.decode()}}
    return {stream["codec_type"]: stream for stream in json.loads(out)["streams"]}


@dataclass
class Player:
    """An address that plays; `frame()` is the next picture's number and time, read from its pixels."""

    process: asyncio.subprocess.Process
    width: int
    height: int
    begun: bool = False
    unreadable: int = 0

    async def frame(self, within_s: float = OPENED_WITHIN_S) -> tuple[int, int]:
        """Those before the first key picture are passed over. Raises EOFError at the end, TimeoutError."""
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(within_s):
                while True:
                    raw = await self.process.stdout.readexactly(self.width * self.height * 3)
                    picture = np.frombuffer(raw, np.uint8).reshape(self.height, self.width, 3)
                    if (mark := scene.read(picture)) is not None:
                        self.begun = True
                        return mark
                    self.unreadable += 1
                    assert not self.begun, "a picture that cannot be read"
        except asyncio.IncompleteReadError:
            raise EOFError("the stream has ended") from None


@contextlib.asynccontextmanager
async def player(url: str, width: int, height: int, transport: str = "tcp") -> AsyncIterator[Player]:
    """Plays for as long as it lasts."""
    words = ("-v", "error", "-rtsp_transport", transport, *NO_GUESS, "-fflags", "nobuffer", "-i", url, "-an")
    process = await asyncio.create_subprocess_exec(
        *("ffmpeg", *words, "-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Player(process, width, height)
    finally:
        await _end(process)


class Hand:
    """An RTSP connection by hand, for what no player does. `login` and `secret` go with every request."""

    def __init__(self, port: int, login: str, secret: str) -> None:
        self._port = port
        self._basic = base64.b64encode(f"{login}:{secret}".encode()).decode()
        self._count = 0
        self._session = ""

    async def __aenter__(self) -> Hand:
        self.reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, method: str, path: str, **headers: str) -> int:
        """The status of the answer."""
        self._count += 1
        lines = [f"{method} rtsp://127.0.0.1:{self._port}{path} RTSP/1.0", f"CSeq: {self._count}"]
        lines += [
            f"Authorization: Basic {self._basic}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        if self._session:
            lines.append(f"Session: {self._session}")
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        async with asyncio.timeout(OPENED_WITHIN_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            said = {name.lower(): value for name, value in re.findall(r"([A-Za-z-]+): (.*)\r\n", head)}
            await self.reader.readexactly(int(said.get("content-length", 0)))
        self._session = said.get("session", "").partition(";")[0]
        return int(head.split()[1])

    async def play(self, unit_id: str) -> None:
        """Pictures come from now on, over this connection."""
        track = f"/units/{unit_id}/jpeg/stream=0"
        assert await self.ask("DESCRIBE", f"/units/{unit_id}") == 200
        assert await self.ask("SETUP", track, Transport="RTP/AVP/TCP;unicast;interleaved=0-1") == 200
        assert await self.ask("PLAY", f"/units/{unit_id}/jpeg/") == 200

    async def picture_packet(self) -> tuple[float, int]:
        """(when its picture was taken, in seconds of the stream; bytes) of the next RTP packet of pictures."""
        async with asyncio.timeout(OPENED_WITHIN_S):
            while True:
                _, channel, size = struct.unpack(">BBH", await self.reader.readexactly(4))
                packet = await self.reader.readexactly(size)
                if channel == 0:
                    return struct.unpack(">4xI", packet[:8])[0] / 90_000, size


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        # `wait` alone waits for the end of a pipe, which one whose reading is paused never comes to.
        await process.communicate()
