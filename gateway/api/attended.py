"""Open connections of signed-in people: each ends with its session, and with the right to what it shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from gateway.api.gate import Gate, Visitor
from gateway.api.viewer import Close
from gateway.errors import StoreError
from gateway.logs import logger

log = logger("api")

#: How often an open connection asks whether its session still holds.
RECHECK_S = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class _Connection:
    visitor: Visitor
    end: Callable[[Close], None]
    allowed: Callable[[], bool]


class Attended:
    """All of them; takes the gate's `on_end`."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._open: set[_Connection] = set()
        gate.on_end = self._session_ended

    @contextmanager
    def connection(
        self, visitor: Visitor, end: Callable[[Close], None], allowed: Callable[[], bool] = lambda: True
    ) -> Iterator[None]:
        """One that is open for as long as this lasts. `end(code)` closes it: when the session has ended; and to be
        opened again when the person was changed, or `allowed` says no."""
        one = _Connection(visitor, end, allowed)
        self._open.add(one)
        try:
            yield
        finally:
            self._open.discard(one)

    async def recheck(self) -> None:
        """End those whose session is over, and let those reconnect whose person or rights were changed."""
        for one in list(self._open):
            session = await self._gate.session(one.visitor.token)
            if session is None:
                one.end(Close.SESSION_ENDED)
            elif session.user != one.visitor.user or not one.allowed():
                one.end(Close.RECONNECT)

    async def recheck_for_ever(self, sleep: Callable[[float], Awaitable[object]]) -> None:
        """`recheck` every few seconds. While the database is away, who is in stays in."""
        while True:
            await sleep(RECHECK_S)
            try:
                await self.recheck()
            except (SQLAlchemyError, StoreError, OSError) as error:
                log.warning("sessions_not_rechecked", error=str(error))

    def _session_ended(self, token: str) -> None:
        for one in list(self._open):
            if one.visitor.token == token:
                one.end(Close.SESSION_ENDED)
