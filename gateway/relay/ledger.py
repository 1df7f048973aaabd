"""Who watched what: the begin and the end of every view in the audit."""

from __future__ import annotations

import asyncio
import secrets

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.logs import logger
from gateway.relay.viewer import Viewer, Why
from gateway.store import Store, audit

BEGUN, ENDED = "live.watch", "live.watched"
LOOKED_BACK = 20_000
"""Entries of the audit in which views are looked for that an earlier gateway could not end."""
log = logger("relay")


class Ledger:
    """Writes both; an end that cannot be written is logged."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._ending: set[asyncio.Task[None]] = set()

    async def begin(self, unit_id: str, viewer: Viewer) -> tuple[str, int]:
        """(the view's id, since when), once it is on the disk: nothing is shown before. Raises StoreError."""
        view, now_ms = secrets.token_hex(8), self._clock.now_ms()
        facts: dict[str, object] = {"view": view, "how": viewer.who.how}
        await audit.note(self._store, now_ms, viewer.who.login, BEGUN, unit_id, facts)
        return view, now_ms

    def end(self, unit_id: str, view: str, from_ms: int, viewer: Viewer) -> asyncio.Task[None]:
        """Write the end, whoever is cancelled meanwhile."""
        now_ms = self._clock.now_ms()
        facts: dict[str, object] = {
            "view": view,
            "how": viewer.who.how,
            "from_ms": from_ms,
            "to_ms": now_ms,
            "pictures": viewer.pictures,
            "sounds": viewer.sounds,
            "bytes": viewer.bytes,
            "dropped": viewer.dropped,
            "why": str(viewer.why or Why.LEFT),
        }
        task = asyncio.create_task(self._note(now_ms, viewer.who.login, unit_id, facts), name="relay-audit")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task

    async def close(self) -> None:
        """Return when every end is written."""
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def end_earlier(self) -> int:
        """End the views that a gateway before us left open, as it was killed; returns how many. Raises StoreError."""
        now_ms = self._clock.now_ms()

        async def job(connection: AsyncConnection) -> int:
            open_views: dict[object, tuple[str, str, int, object]] = {}
            for entry in await audit.of_actions(connection, (BEGUN, ENDED), LOOKED_BACK):
                view = entry.facts.get("view")
                if entry.action == BEGUN:
                    open_views[view] = (entry.login, entry.subject, entry.at_ms, entry.facts.get("how"))
                else:
                    open_views.pop(view, None)
            for view, (login, unit_id, from_ms, how) in open_views.items():
                facts: dict[str, object] = {
                    "view": view,
                    "how": how,
                    "from_ms": from_ms,
                    "why": str(Why.GATEWAY),
                }
                await audit.record(connection, now_ms, login, ENDED, unit_id, facts)
            return len(open_views)

        return await self._store.write(job)

    async def _note(self, now_ms: int, login: str, unit_id: str, facts: dict[str, object]) -> None:
        try:
            await audit.note(self._store, now_ms, login, ENDED, unit_id, facts)
        except StoreError as error:
            log.error("view_end_not_stored", unit=unit_id, login=login, error=str(error), **facts)
