"""What the officers are told, until they have felt it."""

from gateway.dispatch.centre_units import after_state
from gateway.dispatch.events import Accept, Acknowledge, Close
from gateway.dispatch.incident import State
from protocol import messages


async def test_receipt_is_repeated_every_five_seconds_until_it_is_felt(desk):
    alarm = desk.alarm()
    await desk.centre.alarm(alarm)
    assert desk.statuses(alarm) == [messages.STORED]
    await desk.advance(4)
    assert len(desk.statuses(alarm)) == 1
    await desk.advance(1)
    await desk.advance(5)
    assert desk.statuses(alarm) == [messages.STORED] * 3
    await desk.centre.felt("u1001", alarm.alarm_id, 1)
    await desk.advance(9)
    assert len(desk.statuses(alarm)) == 3
    (view,) = desk.centre.live_incidents()
    assert view.told[0].felt_ms is not None


async def test_reply_to_an_older_receipt_does_not_stop_the_newer_one(desk):
    alarm = desk.alarm()
    await desk.centre.alarm(alarm)
    (view,) = desk.centre.live_incidents()
    await desk.centre.act(view.incident.incident_id, Acknowledge("Chen"), login="chen")
    await desk.centre.felt("u1001", alarm.alarm_id, 1)
    await desk.advance(5)
    assert desk.statuses(alarm) == [messages.STORED, messages.ACKNOWLEDGED, messages.ACKNOWLEDGED]


async def test_reply_of_another_unit_does_not_count_as_felt(desk):
    alarm = desk.alarm()
    await desk.centre.alarm(alarm)
    await desk.centre.felt("u2002", alarm.alarm_id, 1)
    await desk.advance(5)
    assert desk.statuses(alarm) == [messages.STORED] * 2
    assert desk.centre.live_incidents()[0].told[0].felt_ms is None


async def test_alarms_of_two_units_with_the_same_id_are_two_alarms(desk):
    """As after a bad random number generator: neither officer may be silenced by the other."""
    first = desk.alarm()
    await desk.centre.alarm(first)
    assert await desk.centre.alarm(desk.alarm("u2002", alarm_id=first.alarm_id))
    assert [view.incident.unit_id for view in desk.centre.live_incidents()] == ["u1001", "u2002"]
    topics = {topic for topic, _ in desk.sent}
    assert len(topics) == 2


async def test_receipt_waits_for_a_unit_that_is_offline_and_goes_out_at_its_return(desk):
    alarm = desk.alarm()
    await desk.centre.alarm(alarm)
    status = desk.centre.units()["u1001"]
    desk.centre.unit_heard(after_state(status, messages.State(online=0, boot=1, session=1)))
    await desk.advance(8)
    assert len(desk.statuses(alarm)) == 1
    desk.online(session=2)
    assert len(desk.statuses(alarm)) == 2


async def test_acknowledgement_and_acceptance_are_told_with_names_and_rising_numbers(desk):
    alarm = desk.alarm()
    await desk.centre.alarm(alarm)
    (view,) = desk.centre.live_incidents()
    incident_id = view.incident.incident_id
    await desk.centre.act(incident_id, Acknowledge("Chen Min"), login="chen")
    await desk.advance(10)  # the first offer goes out by itself
    (view,) = desk.centre.live_incidents()
    offered = view.incident.offers[0]
    view = await desk.centre.act(incident_id, Accept("Wu", offered.court_id, eta_s=240), login="wu")
    assert view.incident.state is State.ACCEPTED
    told = [one for _, one in desk.sent if one.alarm_id == alarm.alarm_id]
    by_status = {one.status: one for one in told}
    assert by_status[messages.ACKNOWLEDGED].by == "Chen Min"
    assert (by_status[messages.ON_THE_WAY].court, by_status[messages.ON_THE_WAY].eta_s) == (offered.name, 240)
    assert [one.seq for one in told] == sorted(one.seq for one in told)


async def test_nobody_who_answers_is_told_to_the_officer(desk):
    alarm = desk.alarm()
    await desk.centre.alarm(alarm)
    await desk.advance(30)
    assert messages.NOBODY_YET in desk.statuses(alarm)


async def test_repeat_of_a_closed_alarm_is_answered_closed_and_reopens_nothing(desk):
    alarm = desk.alarm()
    await desk.centre.alarm(alarm)
    (view,) = desk.centre.live_incidents()
    await desk.centre.act(view.incident.incident_id, Close("Chen", "safe"), login="chen")
    await desk.centre.felt("u1001", alarm.alarm_id, 2)
    desk.sent.clear()
    assert not await desk.centre.alarm(alarm)
    assert desk.statuses(alarm) == [messages.CLOSED]
    assert desk.centre.live_incidents() == []


async def test_cancel_of_nothing_is_stored_and_answered(desk):
    claim = desk.alarm(kind=messages.KIND_CANCEL, ref=bytes(16), code=3)
    assert await desk.centre.alarm(claim)
    assert desk.statuses(claim) == [messages.STORED] and desk.centre.live_incidents() == []
    assert not await desk.centre.alarm(claim)
    assert desk.statuses(claim) == [messages.STORED] * 2


async def test_receipts_that_a_unit_never_feels_are_bounded(desk):
    for _ in range(40):
        await desk.centre.alarm(desk.alarm())
    assert desk.centre.health()["queues"]["receipts"] == 32


async def test_receipt_is_repeated_although_the_clock_was_set_back(desk, clock):
    alarm = desk.alarm()
    await desk.centre.alarm(alarm)
    clock.set(-3_600_000)
    await desk.advance(5)
    assert len(desk.statuses(alarm)) == 2
