"""What a viewer of a unit is told, from the relay into its connection, whenever there is something and it takes it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from gateway.api.frames import Framed, frame_head
from gateway.relay import Viewer
from gateway.relay.telling import BLOCK_HEAD, Sent, text_of

AT_ONCE_BYTES = 64 << 10
"""Gathered for one write; as much as the transport holds before it says that it is full. The rest waits in the viewer,
where what is old can still be dropped."""


class Sending:
    """As long as the `with` lasts. No task: the relay's news and the connection's room set it going."""

    def __init__(self, viewer: Viewer, connection: Framed) -> None:
        self._viewer = viewer
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._due = False
        self._ended = False

    def __enter__(self) -> Self:
        self._viewer.on_news = self._connection.on_room = self._soon
        self._soon()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True

    def _soon(self) -> None:
        """Once for all that comes in this turn of the loop."""
        if not self._due:
            self._due = True
            self._loop.call_soon(self._send)

    def _send(self) -> None:
        self._due = False
        while not self._ended and self._connection.room:
            frames = self._gathered()
            if not frames:
                return
            self._connection.put(b"".join(frames))

    def _gathered(self) -> list[bytes]:
        frames: list[bytes] = []
        size = 0
        while size < AT_ONCE_BYTES and (told := self._viewer.take()) is not None:
            if isinstance(told, Sent):
                content = told.block.content
                frames += (frame_head(BLOCK_HEAD.size + len(content)), told.head(), content)
                size += len(content)
            else:
                text = text_of(told).encode()
                frames += (frame_head(len(text), text=True), text)
                size += len(text)
        return frames
