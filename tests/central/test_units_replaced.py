"""A unit that is replaced or wiped begins to count anew; where the officer is must not suffer for it."""

import asyncio
import contextlib
from dataclasses import replace

import pytest
from conftest import COURT, OTHER_COURT

from gateway.clock import ManualClock
from gateway.dispatch import courts
from gateway.dispatch.centre import Centre
from gateway.dispatch.centre_alarms import _best_position
from gateway.dispatch.centre_units import after_state, heard, moved, newer
from gateway.dispatch.events import Accept, Acknowledge
from gateway.dispatch_settings import DispatchSettings
from gateway.errors import Refused
from gateway.metrics import Metrics
from gateway.model import AlarmRecord, Fix, Unit, UnitStatus
from gateway.store import fixes, units
from protocol import messages

HOUR_MS = 3_600_000
NOW_MS = 1_795_000_000_000


def fix(taken_ms=NOW_MS, *, mono_ms=1000, boot=1, received_ms=None, clock=messages.CLOCK_GNSS, **given):
    values = dict(
        lat_e7=260_800_000, lon_e7=1_193_000_000, accuracy_dm=50, speed_cm_s=None, course_cdeg=None,
        altitude_dm=None, satellites=9, quality=1, taken_ms=taken_ms, clock_quality=clock, mono_ms=mono_ms,
        boot=boot, received_ms=NOW_MS if received_ms is None else received_ms,
    )  # fmt: skip
    return Fix(**(values | given))


OLD = dict(taken_ms=NOW_MS - 24 * HOUR_MS, mono_ms=10 * HOUR_MS, received_ms=NOW_MS - 24 * HOUR_MS)


@pytest.mark.parametrize(
    ("given", "before", "expected"),
    [
        (fix(), fix(**OLD), True),  # the same boot count again, and a lower monotonic time
        (fix(**OLD), fix(), False),
        (fix(clock=messages.CLOCK_NETWORK), fix(**OLD), True),
        (fix(clock=messages.CLOCK_RTC), fix(**OLD), False),  # a clock that nobody set decides nothing
        (fix(None, mono_ms=2000, clock=0), fix(mono_ms=1000), True),
        (fix(None, mono_ms=1000, clock=0), fix(mono_ms=2000), False),
        (fix(mono_ms=2000), fix(mono_ms=1000), True),
        (fix(mono_ms=1000), fix(mono_ms=1000), False),
        (fix(NOW_MS + HOUR_MS, fault="future", mono_ms=1), fix(mono_ms=2), False),
        (fix(boot=2, mono_ms=1), fix(**OLD), True),
        (fix(**OLD, boot=2), fix(), False),
    ],
)
def test_newer_position_is_told_by_the_best_that_is_known(given, before, expected):
    assert newer(given, before) is expected


def test_alarm_of_a_wiped_unit_keeps_its_own_position():
    """Its boot count repeats and its time since boot is less than that of the position of yesterday."""
    own, yesterday = fix(), fix(**OLD, lat_e7=250_000_000)
    alarm = AlarmRecord(bytes(16), "u1", COURT, 0, NOW_MS, 3, 1500, 1, NOW_MS, own, 500)
    status = UnitStatus(Unit("u1", COURT), fix=yesterday)
    assert _best_position(alarm, status, NOW_MS) == (own, 500)
    assert moved(status, COURT, None, (own,)).fix == own
    assert _best_position(replace(alarm, fix=yesterday), replace(status, fix=own), NOW_MS)[0] == own


class Site:
    def __init__(self, store):
        self.store, self.clock = store, ManualClock()
        self.metrics = Metrics()

    async def provision(self, generation):
        unit = Unit("u1001", COURT, registered_ms=self.clock.now_ms(), generation=generation)
        await self.store.write(lambda c: units.save_unit(c, unit))

    @contextlib.asynccontextmanager
    async def centre(self):
        centre = Centre(self.store, self.clock, DispatchSettings(), self.metrics, lambda *_: True)
        await centre.load()
        task = asyncio.create_task(centre.run())
        try:
            yield centre
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def site(store):
    await store.write(lambda c: units.save_courts(c, courts.read_file(courts.SAMPLE)))
    one = Site(store)
    await one.provision(1)
    return one


def said(status, clock, *, boot, session, online=1):
    return after_state(
        heard(status, COURT, clock.now_ms()), messages.State(online=online, boot=boot, session=session)
    )


async def test_unit_that_is_provisioned_anew_has_no_position_and_no_boot_of_the_earlier_one(site):
    """In memory, after a restart, and for what was under way while the register was read."""
    async with site.centre() as centre:
        status = said(centre.units()["u1001"], site.clock, boot=40, session=7)
        where = fix(site.clock.now_ms(), boot=40, received_ms=site.clock.now_ms())
        status = moved(status, COURT, None, (where,))
        await site.store.write(lambda c: fixes.add(c, [("u1001", where)]))
        await site.store.write(lambda c: units.save_state(c, status))
        centre.unit_heard(status)
        site.clock.advance(1000)
        await site.provision(2)
        await centre.reload()
        renewed = centre.units()["u1001"]
        assert (renewed.fix, renewed.boot, renewed.session) == (None, 0, 0)
        centre.unit_heard(status)
        assert centre.units()["u1001"] == renewed
        first = said(renewed, site.clock, boot=1, session=1)
        assert said(first, site.clock, boot=1, session=1, online=0) is not None
    async with site.centre() as again:
        renewed = again.units()["u1001"]
        assert (renewed.fix, renewed.boot, renewed.session) == (None, 0, 0)


async def test_unit_that_was_not_provisioned_anew_keeps_position_and_boot_over_a_restart(site):
    async with site.centre() as centre:
        where = fix(site.clock.now_ms(), boot=40, received_ms=site.clock.now_ms())
        status = moved(said(centre.units()["u1001"], site.clock, boot=40, session=7), COURT, None, (where,))
        await site.store.write(lambda c: fixes.add(c, [("u1001", where)]))
        await site.store.write(lambda c: units.save_state(c, status))
    async with site.centre() as again:
        kept = again.units()["u1001"]
        assert (kept.fix, kept.boot, kept.session) == (where, 40, 7)


async def test_log_tells_of_refused_acts_of_comings_and_goings_and_of_what_was_resumed(site, lines):
    async with site.centre() as centre:
        centre.unit_heard(said(centre.units()["u1001"], site.clock, boot=1, session=1))
        centre.unit_heard(said(centre.units()["u1001"], site.clock, boot=1, session=1))
        now_ms = site.clock.now_ms()
        await centre.alarm(AlarmRecord(bytes(16), "u1001", COURT, 0, now_ms, 3, 1500, 1, now_ms))
        incident_id = centre.live_incidents()[0].incident.incident_id
        with pytest.raises(Refused):
            await centre.act(incident_id, Accept("Wu", OTHER_COURT), login="wu")
        centre.unit_heard(said(centre.units()["u1001"], site.clock, boot=1, session=1, online=0))
    async with site.centre():
        pass
    told = {line["event"]: line for line in lines}
    assert [line["event"] for line in lines if line["event"].startswith("unit_")] == [
        "unit_online", "unit_offline",
    ]  # fmt: skip
    assert told["unit_offline"]["unit"] == "u1001"
    refused = told["act_refused"]
    assert (refused["unit"], refused["incident"], refused["login"]) == ("u1001", incident_id, "wu")
    assert refused["action"] == "accept" and refused["why"]
    assert site.metrics.acts_refused.labels("accept")._value.get() == 1
    assert [(line["incidents"], line["timers"], line["receipts"]) for line in lines if line["event"] == "resumed"] == [
        (0, 0, 0), (1, 2, 1),
    ]  # fmt: skip


async def test_act_that_is_allowed_is_not_counted_as_refused(site, lines):
    async with site.centre() as centre:
        now_ms = site.clock.now_ms()
        await centre.alarm(AlarmRecord(bytes(16), "u1001", COURT, 0, now_ms, 3, 1500, 1, now_ms))
        incident_id = centre.live_incidents()[0].incident.incident_id
        await centre.act(incident_id, Acknowledge("Chen"), login="chen")
    assert not [line for line in lines if line["event"] == "act_refused"]
