"""The live WebSocket: admission, and the two directions of one connection."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket

from gateway.api import problems
from gateway.api.attended import Attended
from gateway.api.both_ways import close, until_one_ends
from gateway.api.gate import Gate, Visitor
from gateway.api.hub import Hub
from gateway.api.json_text import loads
from gateway.api.viewer import Close, Viewer
from gateway.turns import Turns


class Live:
    """Admits viewers to the hub."""

    def __init__(self, gate: Gate, hub: Hub, max_viewers: int, turns: Turns, attended: Attended) -> None:
        self._turns = turns
        self._attended = attended
        self._gate = gate
        self._hub = hub
        self._max_viewers = max_viewers
        self._admitted = 0
        self._viewers: dict[Viewer, Visitor] = {}
        self.router = APIRouter()
        self.router.add_api_websocket_route("/api/v1/live", self.endpoint)

    def logins(self) -> frozenset[str]:
        """Who has a console open now."""
        return frozenset(visitor.user.login for visitor in self._viewers.values())

    async def endpoint(self, socket: WebSocket) -> None:
        """One connection from its handshake to its end. Refusals before that are HTTP problem details."""
        try:
            with self._turns.moment():
                visitor = await self._gate.visitor(socket)
            if self._admitted >= self._max_viewers:
                raise problems.unavailable("Too many consoles are open.")
        except problems.Problem as problem:
            await socket.send_denial_response(problem.response())
            return
        self._admitted += 1
        try:
            with self._turns.moment():
                await socket.accept()
            await self._watch(socket, visitor)
        finally:
            self._admitted -= 1

    async def _watch(self, socket: WebSocket, visitor: Visitor) -> None:
        with self._turns.moment():
            viewer = await self._hub.join(visitor.scope)
        self._viewers[viewer] = visitor
        try:
            with self._attended.connection(visitor, viewer.end):
                await self._serve(socket, viewer)
        finally:
            del self._viewers[viewer]
            self._hub.leave(visitor.scope, viewer)

    @staticmethod
    async def _serve(socket: WebSocket, viewer: Viewer) -> None:
        failed = await until_one_ends(_send(socket, viewer), _receive(socket, viewer), viewer.ended.wait())
        await close(socket, viewer.close_code)
        if failed:
            raise failed[0]


async def _send(socket: WebSocket, viewer: Viewer) -> None:
    while True:
        await socket.send_text(await viewer.next())


async def _receive(socket: WebSocket, viewer: Viewer) -> None:
    """The viewer's echoes, until it goes away or says something else."""
    while True:
        event = await socket.receive()
        if event["type"] == "websocket.disconnect":
            return
        try:
            viewer.seen(_seq_of(event.get("text")))
        except ValueError:
            viewer.end(Close.MALFORMED)
            return


def _seq_of(text: str | None) -> int:
    """The number in {"t": "seen", "seq": n}. Raises ValueError for anything else."""
    said = loads(text or "")
    if not isinstance(said, dict) or said.get("t") != "seen" or type(seq := said.get("seq")) is not int:
        raise ValueError("not a message of a viewer")
    return int(seq)
