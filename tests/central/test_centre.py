"""The centre over restarts, clocks that were set, and databases that fail."""

import asyncio
import contextlib

import pytest
from centre_desk import Desk
from conftest import COURT, eventually

from gateway.dispatch.events import Acknowledge
from gateway.dispatch.incident import State
from gateway.errors import NotCommitted, StoreError
from gateway.store import Store, incidents
from protocol import messages


async def test_restart_keeps_deadlines_receipts_and_numbers(prepared, clock):
    async with Desk(prepared, clock).running() as desk:
        desk.online()
        alarm = desk.alarm()
        await desk.centre.alarm(alarm)
        before = desk.centre.live_incidents()
    clock.advance(60_000)  # while nobody was there, offers and warnings came due
    async with Desk(prepared, clock).running() as again:
        assert again.centre.live_incidents() == before
        again.online(session=2)
        assert again.statuses(alarm)[0] == messages.STORED
        await again.advance(1)
        (view,) = again.centre.live_incidents()
        assert view.incident.state in (State.OFFERED, State.UNCOVERED)
        assert messages.NOBODY_YET in again.statuses(alarm)
        assert not await again.centre.alarm(alarm)  # the same alarm again
        await again.centre.alarm(again.alarm("u2002"))
        assert again.centre.live_incidents()[1].incident.incident_id.endswith("-0002")


async def test_change_that_cannot_be_committed_changes_nothing_and_tells_nobody(tmp_path, clock):
    async with contextlib.AsyncExitStack() as stack:
        url = f"sqlite+aiosqlite:///{tmp_path / 'x.db'}"
        store = await stack.enter_async_context(Store(url, sqlite_max_pages=96))
        async with Desk(store, clock).running() as desk, desk.centre.subscribe() as watching:
            desk.centre.stranger("u9", "x")
            with pytest.raises(NotCommitted):
                for _ in range(200):
                    desk.sent.clear()
                    alarm = desk.alarm("u9", kind=messages.KIND_BUTTON)
                    before = desk.centre.live_incidents()
                    await desk.centre.alarm(alarm)
            assert desk.sent == [] and desk.centre.live_incidents() == before
            assert not desk.centre.health()["ok"]
            seen = [await anext(watching) for _ in range(before[0].incident.version)]
            assert seen[-1].view.incident == before[0].incident


async def test_requests_that_wait_when_the_centre_stops_are_answered(prepared, clock):
    desk = Desk(prepared, clock)
    await desk.centre.load()
    waiting = [asyncio.create_task(desk.centre.set_duty(COURT, False, login="x")) for _ in range(3)]
    task = asyncio.create_task(desk.centre.run())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    for one in [*waiting, asyncio.create_task(desk.centre.set_duty(COURT, False, login="x"))]:
        with pytest.raises(NotCommitted, match="stopping"):
            await asyncio.wait_for(one, 30)


async def test_name_with_a_line_break_is_told_without_it_and_stops_no_timer(desk):
    """It is stored: what cannot be said on the wire would end the centre at each start."""
    alarm = desk.alarm()
    await desk.centre.alarm(alarm)
    (view,) = desk.centre.live_incidents()
    await desk.centre.act(view.incident.incident_id, Acknowledge("Chen\n\x9bMin"), login="chen")
    await desk.advance(5)
    assert desk.statuses(alarm) == [messages.STORED, messages.ACKNOWLEDGED, messages.ACKNOWLEDGED]
    assert desk.sent[-1][1].by == "Chen  Min"


@pytest.mark.parametrize("by_s", [-3600, 3600])
async def test_clock_that_is_set_neither_stops_nor_hastens_a_timer(desk, clock, by_s):
    """Back by an hour, no court would be asked for an hour; on by one, courts would lose what they took."""
    await desk.centre.alarm(desk.alarm())
    await desk.advance(2)
    clock.set(by_s * 1000)
    await desk.advance(7)
    assert desk.centre.live_incidents()[0].incident.state is State.NEW
    await desk.advance(1)
    assert desk.centre.live_incidents()[0].incident.state is State.OFFERED
    await desk.advance(29)
    assert len(desk.centre.live_incidents()[0].incident.offers) == 1
    await desk.advance(1)
    assert len(desk.centre.live_incidents()[0].incident.offers) == 2


async def test_restart_with_a_clock_that_was_set_back_keeps_the_timers(prepared, clock):
    async with Desk(prepared, clock).running() as desk:
        desk.online()
        await desk.centre.alarm(desk.alarm())
    clock.set(-3_600_000)
    async with Desk(prepared, clock).running() as desk:
        await desk.advance(0)
        await desk.advance(10)
        assert desk.centre.live_incidents()[0].incident.state is State.OFFERED


class Breaking:
    """A store whose connection breaks when it is told that a commit was made, as often as `breaks` says."""

    def __init__(self, store):
        self._store, self.breaks = store, 0

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def commit(self, job):
        result = await self._store.commit(job)
        if self.breaks:
            self.breaks -= 1
            raise StoreError("connection was closed in the middle of operation")
        return result


async def test_commit_that_was_made_although_it_failed_leaves_no_incident_without_a_timer(prepared, clock):
    store = Breaking(prepared)
    async with Desk(store, clock).running() as desk:
        desk.online()
        alarm, store.breaks = desk.alarm(), 1
        with pytest.raises(NotCommitted):
            await desk.centre.alarm(alarm)
        await desk.centre.alarm(alarm)
        (view,) = desk.centre.live_incidents()
        assert desk.statuses(alarm)[-1] == messages.STORED
        store.breaks = 1
        with pytest.raises(NotCommitted):
            await desk.centre.act(view.incident.incident_id, Acknowledge("Chen"), login="chen")
        await desk.advance(1)
        await eventually(lambda: desk.statuses(alarm)[-1] == messages.ACKNOWLEDGED)
        await desk.advance(9)
        (view,) = desk.centre.live_incidents()
        assert (view.incident.state, view.incident.version) == (State.OFFERED, 3)
        await desk.centre.alarm(desk.alarm("u2002"))
        assert len(desk.centre.live_incidents()) == 2


async def test_timer_of_an_incident_that_the_database_refuses_holds_up_no_other(prepared, clock):
    async with Desk(prepared, clock).running() as desk:
        desk.online()
        await desk.centre.alarm(desk.alarm())
        await desk.centre.alarm(desk.alarm("u2002"))
        first = desk.centre.live_incidents()[0]
        taken = incidents.EventRow(first.incident.incident_id, 2, 1, "note", None, "{}", b"")
        await desk.store.write(lambda c: incidents.add_events(c, [taken]))
        await desk.advance(10)
        await eventually(lambda: desk.centre.live_incidents()[1].incident.state is State.OFFERED)
        assert desk.centre.live_incidents()[0].incident.state is State.NEW


async def test_unit_that_presses_without_end_does_not_make_its_incident_grow_without_end(prepared, clock):
    async with Desk(prepared, clock).running() as desk:
        for _ in range(210):
            await desk.centre.alarm(desk.alarm())
        (view,) = desk.centre.live_incidents()
        assert (view.incident.alarm_count, len(view.told), view.told[-1].seq) == (210, 200, 210)
    async with Desk(prepared, clock).running() as desk:
        (after,) = desk.centre.live_incidents()
        assert after == view
        again = desk.alarm()
        await desk.centre.alarm(again)
        assert desk.centre.live_incidents()[0].told[-1].seq == 211
