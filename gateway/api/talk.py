"""The talk WebSocket: a dispatcher's microphone, up; who speaks, down (docs/api.md, "Talk")."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass

from fastapi import APIRouter, WebSocket

from gateway.api import problems, scope
from gateway.api.actions import name_of
from gateway.api.ask import UnitPath
from gateway.api.attended import Attended
from gateway.api.both_ways import close, until_one_ends
from gateway.api.gate import Gate, Visitor
from gateway.api.json_text import dumps, loads
from gateway.api.viewer import Close
from gateway.dispatch.centre import Centre
from gateway.errors import TooMuchAtOnce
from gateway.logs import logger
from gateway.relay.talk import Talks
from gateway.relay.talk_floor import Ended, OutOfOrder, Talker
from gateway.relay.talk_seat import Seat
from protocol.talk import PACKET_SAMPLES

log = logger("api")

UNREAD_S = 10.0
TEXT_MAX = 512
LOGIN_MAX = 64
NUMBER_MAX = 0xFFFF_FFFF
_PACKET = struct.Struct(">I")


@dataclass(eq=False)
class Panel:
    """One open connection. `code` is set when it has to end, and why."""

    seat: Seat
    ended: asyncio.Event
    code: Close | None = None

    def end(self, code: Close) -> None:
        """Close it; the first code counts."""
        if self.code is None:
            self.code = code
            self.ended.set()


class TalkSockets:
    """Admits those who may direct a unit, and ends them with their sessions and rights."""

    def __init__(self, gate: Gate, centre: Centre, talks: Talks, attended: Attended) -> None:
        self._gate = gate
        self._centre = centre
        self._talks = talks
        self._attended = attended
        self.router = APIRouter()
        self.router.add_api_websocket_route("/api/v1/units/{unit_id}/talk", self.endpoint)

    async def endpoint(self, socket: WebSocket, unit_id: UnitPath) -> None:
        """One connection from its handshake to its end. Refusals before that are HTTP problem details."""
        try:
            visitor = await self._gate.visitor(socket)
            if not self._sees(visitor, unit_id):
                raise problems.not_found("unit")
            scope.must_command(visitor.user)
            try:
                seat = self._talks.join(unit_id, Talker(visitor.user.login, name_of(visitor.user)))
            except TooMuchAtOnce as error:
                raise problems.unavailable(str(error)) from None
        except problems.Problem as problem:
            await socket.send_denial_response(problem.response())
            return
        panel = Panel(seat, asyncio.Event())
        try:
            await socket.accept()
            with self._attended.connection(visitor, panel.end, lambda: self._sees(visitor, unit_id)):
                await self._serve(socket, panel)
        finally:
            self._talks.leave(seat, Ended.SESSION if panel.code is Close.SESSION_ENDED else Ended.LEFT)

    def _sees(self, visitor: Visitor, unit_id: str) -> bool:
        status = self._centre.units().get(unit_id)
        guests = scope.guest_units(visitor.scope, self._centre.live_incidents())
        return status is not None and visitor.scope.sees_unit(status, guests)

    async def _serve(self, socket: WebSocket, panel: Panel) -> None:
        def quiet() -> None:
            # Nobody waits for a closing frame before the officer's unit is quiet.
            self._talks.end(panel.seat, Ended.SESSION if panel.code is Close.SESSION_ENDED else Ended.LEFT)

        failed = await until_one_ends(
            self._send(socket, panel), self._receive(socket, panel), panel.ended.wait(), then=quiet
        )
        await close(socket, panel.code)
        if failed:
            raise failed[0]

    async def _send(self, socket: WebSocket, panel: Panel) -> None:
        seat = panel.seat
        try:
            while True:
                await seat.changed.wait()
                seat.changed.clear()
                for said in (*seat.take_refusals(), self._talks.state(seat)):
                    async with asyncio.timeout(UNREAD_S):
                        await socket.send_text(dumps(said))
        except TimeoutError:
            panel.end(Close.BEHIND)

    async def _receive(self, socket: WebSocket, panel: Panel) -> None:
        """What the panel says, until it goes away or says something else."""
        while True:
            event = await socket.receive()
            if event["type"] == "websocket.disconnect":
                return
            try:
                if (data := event.get("bytes")) is not None:
                    if len(data) != _PACKET.size + PACKET_SAMPLES:
                        raise ValueError(f"a packet of {len(data)} bytes")
                    self._talks.speak(panel.seat, _PACKET.unpack_from(data)[0], data[_PACKET.size :])
                else:
                    await self._told(panel.seat, event.get("text") or "")
            except (ValueError, OutOfOrder) as error:
                log.info(
                    "talk_malformed", unit=panel.seat.unit_id, login=panel.seat.by.login, error=str(error)
                )
                panel.end(Close.MALFORMED)
                return

    async def _told(self, seat: Seat, text: str) -> None:
        """Raises ValueError for what is no message of a panel."""
        said = loads(text) if len(text) <= TEXT_MAX else None
        if not isinstance(said, dict):
            raise ValueError("not a message of a talk panel")
        match said:
            case {"t": "begin", "aloud": bool(aloud), "call": bool(call)}:
                await self._talks.begin(seat, aloud=aloud, call=call, asked=_asked(said.get("n")))
            case {"t": "end"}:
                self._talks.end(seat)
            case {"t": "hand_over", "to": str(login)} if len(login) <= LOGIN_MAX:
                self._talks.hand_over(seat, login)
            case _:
                raise ValueError("not a message of a talk panel")


def _asked(number: object) -> int | None:
    """Raises ValueError for what is no number of a panel's."""
    if number is not None and not (type(number) is int and 0 <= number <= NUMBER_MAX):
        raise ValueError("the number of a begin")
    return number
