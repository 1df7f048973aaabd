"""The owner of incidents, with a clock that stands still and a sender that remembers."""

import asyncio
import contextlib
import secrets

from gateway.dispatch.centre import Centre
from gateway.dispatch.centre_units import after_state, heard
from gateway.dispatch_settings import DispatchSettings
from gateway.metrics import Metrics
from gateway.model import AlarmRecord, Fix
from protocol import messages

COURT = "350102"


class Desk:
    """A centre on a database, with what it sent."""

    def __init__(self, store, clock):
        self.store, self.clock, self.sent = store, clock, []
        self.centre = Centre(store, clock, DispatchSettings(), Metrics(), self._send)

    def _send(self, topic, payload):
        self.sent.append((topic, messages.BY_LEAF["down", topic.rsplit("/", 1)[-1]].decode(payload)))
        return True

    @contextlib.asynccontextmanager
    async def running(self):
        await self.centre.load()
        task = asyncio.create_task(self.centre.run())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def advance(self, by_s):
        """Move the clock and wait until what became due is committed."""
        self.clock.advance(by_s * 1000)
        for _ in range(20):  # timers, then the owner, then the writer's thread
            await asyncio.sleep(0)
            await self.store.write(_nothing)

    def alarm(self, unit_id="u1001", **given):
        now_ms = self.clock.now_ms()
        fix = Fix(260800000, 1193000000, 50, None, None, None, 9, 1, now_ms, 3, 1000, 1, now_ms)
        values = dict(
            alarm_id=secrets.token_bytes(16), unit_id=unit_id, court_id=COURT, kind=0, pressed_ms=now_ms,
            pressed_quality=3, pressed_mono_ms=1, boot=1, received_ms=now_ms, fix=fix, fix_age_ms=0,
        )  # fmt: skip
        return AlarmRecord(**(values | given))

    def online(self, unit_id="u1001", session=1):
        status = heard(self.centre.units()[unit_id], COURT, self.clock.now_ms())
        state = messages.State(online=1, boot=1, session=session)
        self.centre.unit_heard(after_state(status, state), came_online=True)

    def statuses(self, alarm):
        return [receipt.status for _, receipt in self.sent if receipt.alarm_id == alarm.alarm_id]


async def _nothing(connection):
    return None
