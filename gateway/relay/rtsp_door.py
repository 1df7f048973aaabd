"""The gateway's side of RTSP: who comes in, and the blocks for those who did. The process itself decides nothing."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from gateway.clock import Clock
from gateway.errors import StoreError, TooMuchAtOnce
from gateway.logs import Faults, logger
from gateway.metrics import Metrics
from gateway.relay.relay import Relay
from gateway.relay.rtsp_jpeg import size_carried
from gateway.relay.rtsp_sound import rtp_form, rtp_sound
from gateway.relay.rtsp_wire import BLOCK_MAX_BYTES, HEAD, LINE_MAX_BYTES
from gateway.relay.telling import PICTURE, SOUND, Codec, Head, Said, Sent, SoundForm, Who, Wish
from gateway.relay.viewer import Viewer, Why

ASKED_WITHIN_S = 5.0
PICTURE_WITHIN_S = 8.0
"""A unit that does not record yet begins to, and sends its first picture."""
SOUND_WITHIN_S = 2.0
"""After the first picture: what is described once has to be all of it, and a unit may have no sound."""
RECHECK_S = 5.0
CONNECTIONS_MAX = 128
BUFFER_BYTES = 1 << 18
SOCKET = "rtsp.sock"
log = logger("rtsp")


class NotAdmitted(Exception):
    """The process is answered no, with this reason."""


class Guest(Protocol):
    """Somebody whose credentials were believed."""

    @property
    def who(self) -> Who: ...


class Doorkeeper(Protocol):
    """Who may come in (gateway.api.rtsp_gate)."""

    async def admit(self, authorization: str, address: str) -> Guest:
        """Raises NotAdmitted."""
        ...

    async def holds(self, guest: Guest) -> bool:
        """Whether what let them in still does."""
        ...

    def sees(self, guest: Guest, unit_id: str) -> bool:
        """Whether they see this unit."""
        ...


class Door:
    """Answers the RTSP process. `listening()` for as long as it runs; `recheck_for_ever` beside it."""

    def __init__(
        self,
        folder: Path,
        sessions: int,
        relay: Relay,
        keeper: Doorkeeper,
        clock: Clock,
        metrics: Metrics,
        repeat_s: int,
    ) -> None:
        self._folder = folder
        self._sessions = sessions
        self._relay = relay
        self._keeper = keeper
        self._clock = clock
        self._metrics = metrics
        self._faults = Faults(clock, repeat_s, "rtsp")
        self._connections = 0
        self._watching = 0
        self._views: dict[Viewer, tuple[Guest, str]] = {}
        self._serving: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Take connections at `rtsp.sock` of the folder; only this user's processes come through."""
        path = self._folder / SOCKET
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        # Through the folder's descriptor: a socket's path may have 107 bytes only.
        folder = os.open(self._folder, os.O_PATH)
        try:
            before = os.umask(0o177)
            try:
                listener.bind(f"/proc/self/fd/{folder}/{SOCKET}")
            finally:
                os.umask(before)
        finally:
            os.close(folder)
        server = await asyncio.start_unix_server(self._connected, sock=listener, limit=LINE_MAX_BYTES)
        try:
            yield
        finally:
            server.close()
            for viewer in self._views:
                viewer.end(Why.GATEWAY)
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)
            path.unlink(missing_ok=True)

    async def recheck_for_ever(self) -> None:
        """End the views of those who may no longer see what they see. While the database is away, who is in stays."""
        while True:
            await self._clock.sleep_until_ms(self._clock.now_ms() + round(RECHECK_S * 1000))
            for viewer, (guest, unit_id) in list(self._views.items()):
                with suppress(StoreError, OSError):
                    if not await self._keeper.holds(guest):
                        viewer.end(Why.SESSION_ENDED)
                    elif not self._keeper.sees(guest, unit_id):
                        viewer.end(Why.RIGHTS)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self._connections += 1
        try:
            if self._connections > CONNECTIONS_MAX:
                return
            with suppress(ConnectionError, asyncio.CancelledError):
                await self._answer(reader, writer)
        finally:
            self._connections -= 1
            self._serving.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ASKED_WITHIN_S):
                said = json.loads(await reader.readline())
            kind, authorization, address = said["t"], str(said["authorization"]), str(said["address"])[:64]
            unit_id, codec = str(said.get("unit", "")), Codec[str(said.get("codec", "jpeg")).upper()]
        except (TimeoutError, ValueError, KeyError, TypeError):
            return
        try:
            guest = await self._keeper.admit(authorization, address)
            if kind == "check":
                _say(writer, {"ok": True})
            elif kind == "watch":
                await self._watch(guest, unit_id, codec, reader, writer)
        except (NotAdmitted, TooMuchAtOnce, StoreError) as error:
            self._faults.warn("rtsp_refused", None, address=address, of=unit_id, reason=str(error))
            self._metrics.rtsp_refused.inc()
            _say(writer, {"ok": False, "why": str(error)})
        with suppress(ConnectionError):
            await writer.drain()

    async def _watch(
        self,
        guest: Guest,
        unit_id: str,
        codec: Codec,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if not self._keeper.sees(guest, unit_id):
            raise NotAdmitted("there is no such unit, or it is not theirs to see")
        if not self._relay.online(unit_id):
            raise NotAdmitted(f"{unit_id} is offline")
        if self._watching >= self._sessions:
            raise TooMuchAtOnce("as many watch by RTSP as may at once (rtsp.sessions)")
        self._watching += 1
        try:
            async with self._relay.watch(unit_id, guest.who) as viewer:
                self._views[viewer] = (guest, unit_id)
                self._metrics.rtsp_sessions.set(len(self._views))
                gone = asyncio.create_task(_gone(reader, viewer), name="rtsp-gone")
                try:
                    viewer.want(Wish(codec=codec))
                    await self._send(unit_id, viewer, codec, writer)
                except ConnectionError:
                    viewer.end(Why.LEFT)  # closed while we wrote
                finally:
                    gone.cancel()
                    del self._views[viewer]
                    self._metrics.rtsp_sessions.set(len(self._views))
        finally:
            self._watching -= 1

    async def _send(self, unit_id: str, viewer: Viewer, codec: Codec, writer: asyncio.StreamWriter) -> None:
        """What the unit sends from the first picture on, until one of the two ends it."""
        sound: SoundForm | None = None
        promised: SoundForm | None = None
        head: Head | None = None
        begun, pictured_s = False, 0.0
        writer.transport.set_write_buffer_limits(BUFFER_BYTES)
        try:
            async with asyncio.timeout(PICTURE_WITHIN_S) as first:
                async for told in viewer:
                    if isinstance(told, Head):
                        head, sound = told, told.sound
                        if begun and sound is not None and promised is not None and sound != promised:
                            return  # the stream says one form of sound: whoever watches asks anew
                    elif isinstance(told, Said) and told.members().get("t") == "refused":
                        raise TooMuchAtOnce(f"not to be had as {codec.name.lower()} now")
                    elif isinstance(told, Sent) and head is not None:
                        block = told.block
                        if block.track == PICTURE and block.codec is codec:
                            size = self._size(unit_id, block.content, codec, head)
                            if size is None:
                                continue
                            if not begun:
                                now_s = self._clock.monotonic_s()
                                pictured_s = pictured_s or now_s
                                if sound is None and now_s - pictured_s < SOUND_WITHIN_S:
                                    continue
                                begun, promised = True, sound
                                first.reschedule(None)
                                _say(writer, _described(codec, size, promised))
                            _put(writer, PICTURE, size, block.taken_ms, block.content)
                        elif block.track == SOUND and begun and sound is not None and sound == promised:
                            _put(writer, SOUND, (0, 0), block.taken_ms, rtp_sound(sound, block.content))
                        await writer.drain()
        except TimeoutError:
            raise NotAdmitted(f"{unit_id} sends no picture that RTSP can carry") from None
        if not begun:
            raise NotAdmitted(f"{unit_id} is not to be seen any more")

    def _size(self, unit_id: str, content: bytes, codec: Codec, head: Head) -> tuple[int, int] | None:
        """Of a picture that RTP carries; others are counted and left out."""
        if len(content) > BLOCK_MAX_BYTES or head.picture is None:
            return None
        if codec is Codec.H264:
            return head.picture.width, head.picture.height
        size = size_carried(content)
        if size is None:
            self._metrics.rtsp_left_out.inc()
            self._faults.warn("picture_not_for_rtsp", unit_id)
        return size


async def _gone(reader: asyncio.StreamReader, viewer: Viewer) -> None:
    """The process says nothing more: when it closes, nobody watches."""
    with suppress(ConnectionError):
        await reader.read(1)
    viewer.end(Why.LEFT)


def _described(codec: Codec, size: tuple[int, int], sound: SoundForm | None) -> dict[str, Any]:
    return {
        "ok": True,
        "picture": {"codec": codec.name.lower(), "width": size[0], "height": size[1]},
        "sound": None if sound is None else asdict(rtp_form(sound)),
    }


def _say(writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    writer.write(json.dumps(answer).encode() + b"\n")


def _put(
    writer: asyncio.StreamWriter, track: int, size: tuple[int, int], taken_ms: int, content: bytes
) -> None:
    writer.write(HEAD.pack(track, *size, len(content), max(0, taken_ms)))
    writer.write(content)
