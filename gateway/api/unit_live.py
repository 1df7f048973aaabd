"""The WebSocket of one unit's pictures and sound: admission, and what the viewer says. `Sending` is the other way."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, WebSocket

from gateway.api import problems
from gateway.api.ask import Parts, parts_of
from gateway.api.attended import Attended
from gateway.api.both_ways import close, until_one_ends
from gateway.api.frames import framed
from gateway.api.gate import Gate, Visitor
from gateway.api.json_text import loads
from gateway.api.routes_units import seen_unit
from gateway.api.sending import Sending
from gateway.api.viewer import Close
from gateway.errors import StoreError, TooMuchAtOnce
from gateway.relay import Viewer, Who, Wish
from gateway.relay.telling import Codec, Mode
from gateway.relay.viewer import Why
from gateway.turns import Turns

FPS_MAX = 25
HEIGHTS = (64, 1080)
MODES = {"full": Mode.FULL, "stills": Mode.STILLS, "sound": Mode.SOUND}
CODECS = {"jpeg": Codec.JPEG, "h264": Codec.H264}
NUMBER_MAX = 1 << 53
CODES = {
    Why.BEHIND: Close.BEHIND,
    Why.MALFORMED: Close.MALFORMED,
    Why.SESSION_ENDED: Close.SESSION_ENDED,
    Why.RIGHTS: Close.RECONNECT,
    Why.GATEWAY: Close.RECONNECT,
}
WHYS = {Close.SESSION_ENDED: Why.SESSION_ENDED, Close.RECONNECT: Why.RIGHTS}


class UnitLive:
    """Admits people to the relay."""

    def __init__(self, gate: Gate, turns: Turns, attended: Attended) -> None:
        self._gate = gate
        self._turns = turns
        self._attended = attended
        self.router = APIRouter()
        self.router.add_api_websocket_route("/api/v1/units/{unit_id}/live", self.endpoint)

    async def endpoint(self, socket: WebSocket, unit_id: str) -> None:
        """One connection from its handshake to its end. Refusals before that are HTTP problem details."""
        here = parts_of(socket)
        try:
            with self._turns.moment():
                visitor = await self._gate.visitor(socket)
            seen_unit(unit_id, visitor, here)
            who = Who(visitor.user.login, visitor.user.name, echoes=True)
            try:
                async with here.gateway.relay.watch(unit_id, who) as viewer:
                    with self._turns.moment():
                        await socket.accept()
                    viewer.say({"t": "hello", "unit": unit_id, "now_ms": here.gateway.clock.now_ms()})
                    with self._attended.connection(
                        visitor,
                        lambda code: viewer.end(WHYS[code]),
                        lambda: _still_seen(unit_id, visitor, here),
                    ):
                        await self._serve(socket, viewer, here)
                await close(socket, CODES.get(viewer.why) if viewer.why is not None else None)
            except TooMuchAtOnce as error:
                raise problems.unavailable(str(error)) from None
            except StoreError:
                raise problems.unavailable("That you watch could not be written down. Try again.") from None
        except problems.Problem as problem:
            await socket.send_denial_response(problem.response())

    @staticmethod
    async def _serve(socket: WebSocket, viewer: Viewer, here: Parts) -> None:
        with Sending(viewer, framed(socket)):
            failed = await until_one_ends(_receive(socket, viewer, here), viewer.ended.wait())
        if failed:
            raise failed[0]


async def _receive(socket: WebSocket, viewer: Viewer, here: Parts) -> None:
    """What the viewer says, until it goes away or says something else."""
    while True:
        event = await socket.receive()
        if event["type"] == "websocket.disconnect":
            viewer.end(Why.GATEWAY if event.get("code") == Close.RECONNECT else Why.LEFT)
            return
        try:
            _heard(event.get("text"), viewer, here)
        except ValueError:
            viewer.end(Why.MALFORMED)
            return


def _heard(text: str | None, viewer: Viewer, here: Parts) -> None:
    """One message of a viewer. Raises ValueError for anything that is none."""
    said = loads(text or "")
    kind = said.get("t") if isinstance(said, dict) else None
    if kind == "seen":
        viewer.seen(_number(said.get("number")))
    elif kind == "ping":
        number = _number(said.get("n"))
        viewer.say({"t": "pong", "n": number, "now_ms": here.gateway.clock.now_ms()})
    elif kind == "want":
        viewer.want(_wish(said))
    else:
        raise ValueError("not a message of a viewer")


def _wish(said: dict[str, Any]) -> Wish:
    fps, height = said.get("fps"), said.get("height")
    if said.keys() - {"t", "mode", "fps", "codec", "height"}:
        raise ValueError("unknown members")
    if fps is not None and not 1 <= _number(fps) <= FPS_MAX:
        raise ValueError("fps")
    if height is not None and not HEIGHTS[0] <= _number(height) <= HEIGHTS[1]:
        raise ValueError("height")
    mode, codec = said.get("mode", "full"), said.get("codec", "jpeg")
    if not isinstance(mode, str) or mode not in MODES or not isinstance(codec, str) or codec not in CODECS:
        raise ValueError("mode or codec")
    return Wish(MODES[mode], fps, CODECS[codec], height)


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= NUMBER_MAX:
        raise ValueError("not a number")
    return value


def _still_seen(unit_id: str, visitor: Visitor, here: Parts) -> bool:
    try:
        seen_unit(unit_id, visitor, here)
    except problems.Problem:
        return False
    return True
