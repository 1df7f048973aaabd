"""WebSocket frames that go straight into their connection.

A viewer of a unit is sent some thirty blocks a second. Through a task, the application and the library each of them
costs more than all that was done with it before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from fastapi import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

_NAME = "tipstaff.framed"
_TEXT, _BINARY = 0x81, 0x82
"""One frame is one message (RFC 6455, 5.2): FIN and the opcode."""


class Framed(WebSocketsSansIOProtocol):
    """uvicorn's, which also takes frames that are made. Only whole ones, and of a connection without extensions."""

    on_room: Callable[[], None] = staticmethod(lambda: None)
    """Called when `room` is there again."""

    @property
    def room(self) -> bool:
        """Whether it takes more: it is open, and what it was given is on its way."""
        return self.writable.is_set() and self.conn.state is State.OPEN and not self.transport.is_closing()

    def put(self, frames: bytes) -> None:
        """Send, without waiting; the caller has asked for `room`."""
        self.transport.write(frames)

    def handle_connect(self, event: Request) -> None:
        """As uvicorn, whose task for the application begins after this."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][_NAME] = {_NAME: self}

    def resume_writing(self) -> None:
        """The transport has written enough."""
        super().resume_writing()
        self.on_room()


def framed(socket: WebSocket) -> Framed:
    """The connection below; of the server that `gateway.api.server` makes."""
    return cast(Framed, socket.scope["extensions"][_NAME][_NAME])


def frame_head(size: int, *, text: bool = False) -> bytes:
    """Before a message of `size` bytes, as a server sends it: whole, and not masked."""
    first = _TEXT if text else _BINARY
    if size < 126:
        return bytes((first, size))
    if size < 1 << 16:
        return bytes((first, 126)) + size.to_bytes(2, "big")
    return bytes((first, 127)) + size.to_bytes(8, "big")
