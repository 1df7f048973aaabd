"""Incidents: what may be done with them, and what is kept of them."""

import asyncio

import pytest
from centre_desk import Desk

from gateway.dispatch import log
from gateway.dispatch.events import Accept, Acknowledge, CallBack, Close, Merge, Note
from gateway.dispatch.incident import State
from gateway.errors import Conflict, NotFound, Refused
from gateway.store import incidents
from gateway.store.incident_search import Wanted
from protocol import messages


async def test_log_of_an_incident_verifies_and_replays_to_what_is_stored(desk):
    await desk.centre.alarm(desk.alarm())
    (view,) = desk.centre.live_incidents()
    incident_id = view.incident.incident_id
    await desk.centre.act(incident_id, Acknowledge("Chen"), login="chen")
    await desk.advance(40)
    await desk.centre.act(incident_id, Note("Chen", "called"), login="chen")
    view = await desk.centre.act(incident_id, Close("Chen", "safe"), login="chen")
    async with desk.store.read() as connection:
        rows = [log.LogRow(*_values(row)) for row in await incidents.events(connection, incident_id)]
    log.verify(rows, length=view.incident.version)
    assert log.replay(rows) == view.incident
    assert [entry.seq for entry in view.timeline] == list(range(1, view.incident.version + 1))


def _values(row):
    return [getattr(row, name) for name in ("incident_id", "seq", "at_ms", "name", "by", "event", "hash")]


async def test_two_who_click_at_once_one_wins_and_the_other_sees_why(desk):
    await desk.centre.alarm(desk.alarm())
    await desk.advance(10)
    (view,) = desk.centre.live_incidents()
    incident_id, version = view.incident.incident_id, view.incident.version
    first, second = (one.court_id for one in view.incident.ranking.candidates[:2])
    answers = await asyncio.gather(
        desk.centre.act(incident_id, Accept("Wu", first), login="wu", version=version),
        desk.centre.act(incident_id, Accept("Xu", second), login="xu", version=version),
        return_exceptions=True,
    )
    lost = [one for one in answers if isinstance(one, Refused)]
    assert len(lost) == 1 and isinstance(lost[0], Refused)
    assert lost[0].incident.incident.owner_court_id == first


async def test_act_on_an_older_picture_is_a_conflict_that_shows_the_newer(desk):
    await desk.centre.alarm(desk.alarm())
    (view,) = desk.centre.live_incidents()
    await desk.centre.act(view.incident.incident_id, Acknowledge("Chen"), login="chen")
    with pytest.raises(Conflict) as error:
        await desk.centre.act(
            view.incident.incident_id, Close("Xu", "x"), login="xu", version=view.incident.version
        )
    assert error.value.incident.incident.acknowledged_by == "Chen"


async def test_act_on_what_is_not_there_or_over(desk):
    with pytest.raises(NotFound):
        await desk.centre.act("I-0", Acknowledge("Chen"), login="chen")
    await desk.centre.alarm(desk.alarm())
    (view,) = desk.centre.live_incidents()
    incident_id = view.incident.incident_id
    await desk.centre.act(incident_id, Close("Chen", "safe"), login="chen")
    assert desk.centre.live_incidents() == []
    with pytest.raises(Refused, match="Chen closed it: safe"):
        await desk.centre.act(incident_id, Acknowledge("Xu"), login="xu")
    past, more = await desk.centre.find_incidents(Wanted(live=False), None, 10)
    assert ([one.incident.incident_id for one in past], more) == ([incident_id], None)


async def test_past_incidents_come_newest_first_page_by_page(desk):
    for _ in range(5):
        await desk.centre.alarm(desk.alarm())
        (view,) = desk.centre.live_incidents()
        await desk.centre.act(view.incident.incident_id, Close("Chen", "safe"), login="chen")
        await desk.advance(1)
    found, cursor = [], None
    while True:
        page, cursor = await desk.centre.find_incidents(Wanted(live=False), cursor, 2)
        found += [view.incident.incident_id[-1] for view in page]
        if cursor is None:
            break
    assert found == ["5", "4", "3", "2", "1"]


async def test_press_of_the_same_officer_joins_and_a_press_after_closing_opens_anew(desk):
    await desk.centre.alarm(desk.alarm())
    again = desk.alarm()
    await desk.centre.alarm(again)
    (view,) = desk.centre.live_incidents()
    assert view.incident.alarm_count == 2 and desk.statuses(again) == [messages.STORED]
    await desk.centre.act(view.incident.incident_id, Close("Chen", "safe"), login="chen")
    await desk.centre.alarm(desk.alarm())
    assert desk.centre.live_incidents()[0].incident.incident_id != view.incident.incident_id


@pytest.mark.parametrize(("code", "duress"), [(3, False), (2, True), (None, True)])
async def test_cancel_is_a_claim_and_a_wrong_code_is_duress(desk, code, duress):
    alarm = desk.alarm()
    await desk.centre.alarm(alarm)
    claim = desk.alarm(kind=messages.KIND_CANCEL, ref=alarm.alarm_id, code=code)
    await desk.centre.alarm(claim)
    (view,) = desk.centre.live_incidents()
    assert view.incident.duress is duress and view.incident.cancel is not None
    assert desk.statuses(claim) == [messages.STORED]
    with pytest.raises(Refused, match="call back"):
        await desk.centre.act(view.incident.incident_id, Close("Chen", "cancelled"), login="chen")
    await desk.centre.act(view.incident.incident_id, CallBack("Chen"), login="chen")
    await desk.centre.act(view.incident.incident_id, Close("Chen", "cancelled"), login="chen")


async def test_merge_moves_the_officer_and_keeps_receipts_rising(desk):
    first, second = desk.alarm(), desk.alarm("u2002")
    await desk.centre.alarm(first)
    await desk.centre.alarm(second)
    one, two = (view.incident.incident_id for view in desk.centre.live_incidents())
    await desk.centre.act(two, Acknowledge("Chen"), login="chen")
    merged = await desk.centre.act(two, Merge("Chen", one), login="chen")
    assert merged.incident.state is State.MERGED and merged.incident.merged_into == one
    (left,) = desk.centre.live_incidents()
    assert {member.unit_id for member in left.incident.members} == {"u1001", "u2002"}
    assert desk.centre.units()["u2002"].incident_id == one
    await desk.centre.act(one, Close("Chen", "both safe"), login="chen")
    told = [receipt.seq for _, receipt in desk.sent if receipt.alarm_id == second.alarm_id]
    assert told == sorted(set(told)) and desk.statuses(second)[-1] == messages.CLOSED
    with pytest.raises(Refused):
        await desk.centre.act(one, Merge("Chen", "I-0"), login="chen")


async def test_merge_into_what_is_not_open_is_refused_and_changes_nothing(desk):
    await desk.centre.alarm(desk.alarm())
    (view,) = desk.centre.live_incidents()
    with pytest.raises(Refused, match="no open incident I-0"):
        await desk.centre.act(view.incident.incident_id, Merge("Chen", "I-0"), login="chen")
    assert desk.centre.live_incidents() == [view]


async def test_real_alarm_does_not_disappear_in_a_test(desk):
    await desk.centre.alarm(desk.alarm(kind=messages.KIND_TEST))
    await desk.centre.alarm(desk.alarm())
    drill, real = desk.centre.live_incidents()
    assert (drill.incident.test, real.incident.test) == (True, False)
    assert desk.centre.units()["u1001"].incident_id == real.incident.incident_id


async def test_alarm_without_any_court_is_stored_and_answered(any_store, clock):
    async with Desk(any_store, clock).running() as desk:
        desk.centre.stranger("u9", "nowhere")
        alarm = desk.alarm("u9", fix=None, fix_age_ms=None)
        await desk.centre.alarm(alarm)
        (view,) = desk.centre.live_incidents()
        assert view.incident.state is State.UNCOVERED
        assert messages.STORED in desk.statuses(alarm)
