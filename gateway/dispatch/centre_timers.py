"""The centre's timers: deadlines of incidents, and receipts that were not felt. Driven by the clock."""

import asyncio
import contextlib
import functools
from typing import Any

from gateway.dispatch.centre_ledger import Ledger
from gateway.dispatch.centre_queue import Owner
from gateway.dispatch.events import TimerDue
from gateway.dispatch.timers import Timer
from gateway.errors import NotCommitted, StoreRefused

RETRY_MS = 1_000
_Key = tuple[str, Timer, int]


class Timers:
    """Deadlines are stored with their incidents, so that a restart finds them; what came due meanwhile rings
    at once. While we run, the time that goes by decides and not the wall clock: set back by an hour it would
    leave every incident without a timer for that hour, set on it would ring them all.
    """

    def __init__(self, ledger: Ledger, owner: Owner) -> None:
        self._ledger = ledger
        self._owner = owner
        self._due_ms: dict[_Key, int] = {}

    async def run(self) -> None:
        """Until cancelled."""
        clock = self._ledger.clock
        while True:
            self._ledger.timers_changed.clear()
            left_ms = 0 if self._ledger.doubtful else self._left_ms()
            waiting: list[asyncio.Task[Any]] = [
                asyncio.create_task(self._ledger.timers_changed.wait(), name="centre-changed")
            ]
            if left_ms is not None:
                sleeping = clock.sleep_until_ms(clock.now_ms() + left_ms)
                waiting.append(asyncio.create_task(sleeping, name="centre-sleep"))
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in waiting:
                    task.cancel()
            self._ledger.receipts.repeat_due(clock.now_ms())
            if not await self._ring_due():
                await clock.sleep_until_ms(clock.now_ms() + RETRY_MS)

    def _left_ms(self) -> int | None:
        """How long nothing is due, or None if nothing ever is. Notes when each deadline comes by the time that
        has gone by."""
        now_ms, gone_ms = self._ledger.clock.now_ms(), self._gone_ms()
        due_ms = {}
        for page in self._ledger.pages.values():
            # After a restart with a clock that was set back, the incident's last event is later than now.
            since_ms = max(now_ms, page.timeline[-1].at_ms) if page.timeline else now_ms
            for timer, at_ms in page.incident.deadlines:
                key = page.incident.incident_id, timer, at_ms
                due_ms[key] = self._due_ms.get(key, gone_ms + at_ms - since_ms)
        self._due_ms = due_ms
        left = [one_ms - gone_ms for one_ms in due_ms.values()]
        repeat_ms = self._ledger.receipts.next_ms(now_ms)
        return min(left if repeat_ms is None else [*left, repeat_ms - now_ms], default=None)

    def _gone_ms(self) -> int:
        return round(self._ledger.clock.monotonic_s() * 1000)

    async def _ring_due(self) -> bool:
        """Ring what is due, one after another, so that alarms go between; False if one is to be tried again."""
        gone_ms, done = self._gone_ms(), True
        for key in [key for key, due_ms in self._due_ms.items() if due_ms <= gone_ms]:
            try:
                await self._owner.ask(functools.partial(self._ring, *key))
            except NotCommitted as error:
                done = False
                self._ledger.log.error("timer_not_stored", error=str(error), again_in_s=RETRY_MS / 1000)
                if not isinstance(error.__cause__, StoreRefused):
                    break  # the database is away; refused, it is the fault of this incident alone
            except Exception:  # one incident that we stumble over must not stop the timers of all others
                done = False
                self._ledger.log.exception("timer_failed", incident=key[0], timer=key[1])
        if self._ledger.doubtful:
            with contextlib.suppress(NotCommitted):
                await self._owner.ask(_nothing)  # it settles them first
        return done and not self._ledger.doubtful

    async def _ring(self, incident_id: str, timer: Timer, at_ms: int) -> None:
        page = self._ledger.pages.get(incident_id)
        if page is not None:
            now_ms = max(self._ledger.clock.now_ms(), at_ms)
            await self._ledger.apply(page, TimerDue(timer, at_ms), now_ms)


async def _nothing() -> None:
    pass
