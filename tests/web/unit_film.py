"""Live chunks of a unit as its firmware makes them, a viewer of them, and what the unit and the audit are told."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import cv2
import httpx
import numpy as np
import websockets
from websockets.asyncio.client import ClientConnection

from gateway.evidence.places import Key
from gateway.store import audit
from protocol import matroska, messages
from protocol.media import LIVE, STARTS, Chunk
from protocol.messages import Command

WITHIN_S = 30.0
PICTURE, SOUNDS = 1, 2
SOUND = bytes(range(256)) * 2
BLOCK = struct.Struct(">BBBBIdd")


@lru_cache
def jpeg(number: int = 0, width: int = 320, height: int = 240) -> bytes:
    """A picture that differs by its number."""
    grey = np.full((height, width, 3), number * 7 % 256, np.uint8)
    return bytes(cv2.imencode(".jpg", grey)[1])


def no_pictures() -> tuple[bytes, ...]:
    """Cut off, only a head, a bomb of 60,000 x 60,000, zeros, sound."""
    whole = jpeg(1)
    at = whole.index(b"\xff\xc0")
    bomb = whole[: at + 5] + struct.pack(">HH", 60_000, 60_000) + whole[at + 9 :]
    return b"\xff\xd8\xff", whole[:200], whole[:1500], bomb, bytes(5000), SOUND


class Film:
    """Segments of one unit, sent into `site` block by block. `ahead_ms`: of the unit's clock."""

    def __init__(
        self, site: Any, unit_id: str = "U1", *, ahead_ms: int = 0, sound: int = matroska.A_LAW
    ) -> None:
        self.site = site
        self.unit_id = unit_id
        self.ahead_ms = ahead_ms
        self.sound = sound
        self.number = -1
        self.offset = 0
        self.began_ms = 0

    def begin(
        self, *, head: bool = True, stamped: bool = True, spoilt: Callable[[bytes], bytes] = bytes
    ) -> None:
        """A segment begins now. `spoilt`: its head as it is sent, and as long."""
        self.number += 1
        self.began_ms = self.site.clock.now_ms()
        made, _ = matroska.head(
            matroska.Format(320, 240, self.sound, block_bytes=256),
            bytes(16),
            "tipstaff 0.1.0",
            self.began_ms + self.ahead_ms if stamped else None,
            [],
        )
        assert len(spoilt(made)) == len(made)
        made = spoilt(made)
        self.offset = len(made)
        buffer = bytearray(32)
        cluster = bytes(buffer[: matroska.put_cluster(buffer, 0, 0)])
        if head:
            self._feed(0, made, None)
        self._feed(self.offset, cluster, 0 if head else None)
        self.offset += len(cluster)

    def picture(self, content: bytes, late_ms: int = 0) -> None:
        """Taken so long ago."""
        self.block(matroska.PICTURE, content, late_ms)

    def hear(self, content: bytes = SOUND, late_ms: int = 0) -> None:
        """A packet of sound."""
        self.block(matroska.SOUND, content, late_ms)

    def block(self, track: int, content: bytes, late_ms: int = 0) -> None:
        """Of any track."""
        at_ms = self.site.clock.now_ms() - self.began_ms - late_ms
        buffer = bytearray(32)
        cluster = matroska.put_cluster(buffer, 0, max(0, at_ms))
        end = matroska.put_block(buffer, cluster, track, at_ms - max(0, at_ms), max(1, len(content)))
        if not content:  # our writer makes none of nothing
            buffer[cluster + 1 : cluster + 5] = b"\x10\0\0\4"
        head = bytes(buffer[:end])
        data = head + content
        for at in range(0, len(data), 16_384):
            self._feed(self.offset + at, data[at : at + 16_384], max(0, at_ms) if at == 0 else None)
        self.offset += len(data)

    def _feed(self, offset: int, data: bytes, time_ms: int | None) -> None:
        flags = LIVE | (0 if time_ms is None else STARTS)
        key = Key(self.unit_id, "a1b2c3d4e5f60718", self.number)
        self.site.parts.live.feed(key, Chunk(offset, flags, data, time_ms), self.site.clock.now_ms())


class Seer:
    """A viewer's end of the WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.echoing = True

    @classmethod
    async def of(cls, site: Any, client: httpx.AsyncClient, unit_id: str = "U1", **options: Any) -> Seer:
        """Connected, and greeted."""
        url = site.base_url.replace("http:", "ws:") + f"/api/v1/units/{unit_id}/live"
        headers = {"Cookie": client.headers.get("Cookie", "")}
        connecting = websockets.connect(url, additional_headers=headers, max_size=None, **options)
        one = cls(await site._stack.enter_async_context(connecting))
        assert (await one.next())["t"] == "hello"
        return one

    async def next(self) -> dict[str, Any]:
        """The next message; a block as {"t": "block", ...}."""
        said = await asyncio.wait_for(self.connection.recv(), WITHIN_S)
        if isinstance(said, str):
            return dict(json.loads(said))
        kind, track, codec, flags, number, taken_ms, received_ms = BLOCK.unpack_from(said)
        assert kind == 1
        if self.echoing:
            await self.say(t="seen", number=number)
        return {
            "t": "block",
            "track": track,
            "codec": codec,
            "flags": flags,
            "number": number,
            "taken_ms": taken_ms,
            "received_ms": received_ms,
            "content": said[BLOCK.size :],
        }

    async def until(self, kind: str, **fits: Any) -> dict[str, Any]:
        """The next message of a kind with these members."""
        while True:
            said = await self.next()
            if said["t"] == kind and all(said[name] == value for name, value in fits.items()):
                return said

    async def say(self, **said: Any) -> None:
        await self.connection.send(json.dumps(said))

    async def closed(self) -> int | None:
        """Read to the end; the close code."""
        with suppress(websockets.ConnectionClosed):
            while True:
                await asyncio.wait_for(self.connection.recv(), WITHIN_S)
        return self.connection.close_code


def orders(site: Any) -> list[int]:
    """Values of LIVE that went to units."""
    made = [Command.decode(payload) for topic, payload in site.sent if topic.endswith("/down/command")]
    return [one.value for one in made if one.kind == messages.LIVE]


async def entries_of(site: Any, action: str, count: int) -> list[Any]:
    """So many entries of the audit; they are written beside what they tell of."""
    async with asyncio.timeout(30):
        while True:
            async with site.parts.store.read() as connection:
                found = await audit.of_actions(connection, [action], 1000)
            if len(found) >= count:
                assert len(found) == count
                return found
