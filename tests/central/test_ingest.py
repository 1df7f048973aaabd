"""What units can do wrong, and what may never be lost for it."""

import asyncio
import secrets
import time

import pytest
from conftest import COURT, OTHER_COURT, eventually
from ingest_case import batch, faults, online, said, stored
from sqlalchemy import text
from standin import StandIn

from gateway.dispatch.events import Acknowledge
from gateway.ingest.left import Left
from gateway.store import fixes
from protocol import messages, topics


@pytest.fixture
async def gateway(start, lines):
    gateway = await start()
    await gateway.provision("u1001", COURT, officer="Lin Yan")
    return gateway


@pytest.fixture
async def unit(gateway):
    async with StandIn(gateway.settings.data_dir / "units" / "u1001") as one:
        yield await online(gateway, one)


@pytest.mark.parametrize(
    ("leaf", "payload", "fault"),
    [
        ("alarm", b"\xff\xff", "garbage"),
        ("alarm", b"", "garbage"),
        ("fix", b"\xa0", "garbage"),
        ("state", bytes(range(256)), "garbage"),
        ("alarm", bytes(2000), "oversized"),
        ("fix", bytes(20_000), "oversized"),
        ("alarm", b"\xa1\x00\x02", "unreadable_alarm"),
        ("alarm", b"\xa1\x00\x00", "unknown_version"),
        ("state", b"\xa1\x00\x02", "unknown_version"),
        ("reply", b"\xa1\x00\x18\x63", "unknown_version"),
        ("manifest", b"\xa0", None),
    ],
)
async def test_message_that_says_nothing_is_counted_once_and_the_next_is_heard(
    gateway, unit, lines, leaf, payload, fault
):
    await unit.say(leaf, payload)
    alarm = unit.alarm()
    await unit.say("alarm", alarm)
    await unit.receipt(alarm.alarm_id, messages.STORED)
    await batch(unit, unit.fix())
    if fault is not None:
        await eventually(lambda: faults(gateway, fault) == 1)
        (line,) = said(lines, fault)
        assert (line["unit"], line["leaf"], line["log_level"]) == ("u1001", leaf, "warning")
    assert len(gateway.centre.live_incidents()) == 1


async def test_the_same_fault_a_thousand_times_is_one_line_with_a_count(start, lines):
    gateway = await start(
        "mosquitto"
    )  # nats-server gives again what waited for 2 s, and then it is counted twice
    await gateway.provision("u1001", COURT)
    async with StandIn(gateway.settings.data_dir / "units" / "u1001") as unit:
        await unit.online()
        for _ in range(1000):
            await unit.raw(topics.up(COURT, "u1001", "fix"), b"\xff", wait=False)
        await batch(unit, unit.fix())
        assert faults(gateway, "garbage") == 1000
        assert len(said(lines, "garbage")) <= 2


async def test_alarm_is_stored_and_answered_while_positions_wait(gateway, unit):
    """Positions that were said first stand aside for as long as something urgent is under way."""
    await batch(unit, unit.fix())
    gateway.centre.turns.longest_s = 60
    with gateway.centre.turns.urgent():
        await unit.say("fix", messages.FixBatch(fixes=[unit.fix()], dropped=0, batch_id=7))
        await eventually(lambda: gateway.ingest.fix_link._pending and not gateway.ingest.fix_link.waiting)
        alarm = unit.alarm()
        await unit.say("alarm", alarm)
        await unit.receipt(alarm.alarm_id, messages.STORED)
        assert len(await stored(gateway)) == 1
    await unit.until(lambda: any(leaf == "want" and 7 in want.stored_batches for leaf, want in unit.heard))
    assert len(await stored(gateway)) == 2


async def test_alarm_repeated_a_hundred_times_is_one_incident_answered_each_time(gateway, unit):
    alarm = unit.alarm()
    for repeat in range(100):
        await unit.say("alarm", messages.Alarm(**_fields(alarm) | {"repeat": repeat}))
    await unit.until(lambda: len(unit.heard) >= 100)
    (view,) = gateway.centre.live_incidents()
    assert view.incident.alarm_count == 1
    assert {receipt.seq for _, receipt in unit.heard} == {1}
    assert gateway.metrics.alarms._value.get() == 1
    await eventually(lambda: gateway.metrics.alarm_repeats._value.get() >= 99)


async def test_alarms_of_two_officers_at_once_are_two_incidents_shown_as_near(gateway, unit):
    await gateway.provision("u2002", OTHER_COURT)
    async with StandIn(gateway.settings.data_dir / "units" / "u2002") as other:
        await other.online()
        first = unit.alarm(fix=unit.fix(), fix_age_ms=0)
        second = other.alarm(fix=other.fix(), fix_age_ms=0)
        await asyncio.gather(unit.say("alarm", first), other.say("alarm", second))
        await unit.receipt(first.alarm_id, messages.STORED)
        await other.receipt(second.alarm_id, messages.STORED)
    one, two = gateway.centre.live_incidents()
    assert {one.incident.unit_id, two.incident.unit_id} == {"u1001", "u2002"}
    assert two.near == (one.incident.incident_id,)


async def test_alarm_of_a_later_version_opens_an_incident_that_says_so(gateway, unit, lines):
    """Nothing of it can be read but whose it is; it is answered by nobody's receipt."""
    await batch(unit, unit.fix())
    later = b"\xa2\x00\x02\x01\x50" + bytes(16)
    for _ in range(5):
        await unit.say("alarm", later)
    (view,) = await eventually(gateway.centre.live_incidents)
    await eventually(lambda: faults(gateway, "unreadable_alarm") == 5)
    assert gateway.centre.live_incidents() == [view] and view.incident.alarm_count == 1
    opened = view.timeline[0].facts
    assert (view.incident.kind, opened["unreadable"]) == ("button", "version 2")
    assert (view.incident.unit_id, view.incident.officer) == ("u1001", "Lin Yan")
    assert opened["nearest"]["distance_m"] > 0 and view.incident.alarm_ids[0] != bytes(16).hex()
    (line,) = said(lines, "unreadable_alarm")
    assert (line["unit"], line["version"], line["spoken"]) == ("u1001", 2, 1)
    assert line["opened"] == view.incident.incident_id
    await gateway.centre.act(view.incident.incident_id, Acknowledge("Chen"), login="chen")
    assert gateway.centre.live_incidents()[0].told == () and "told" not in opened
    assert not [leaf for leaf, _ in unit.heard if leaf == "alarm"]
    readable = unit.alarm()
    await unit.say("alarm", readable)
    await unit.receipt(readable.alarm_id, messages.STORED)
    await unit.receipt(readable.alarm_id, messages.ACKNOWLEDGED)
    (view,) = gateway.centre.live_incidents()
    assert view.incident.alarm_count == 2 and [one.alarm_id for one in view.told] == [readable.alarm_id] * 2
    assert gateway.centre.health()["ok"]


async def test_alarm_of_a_later_version_does_not_disappear_in_a_test(gateway, unit):
    await unit.say("alarm", unit.alarm(kind=messages.KIND_TEST))
    await eventually(gateway.centre.live_incidents)
    await unit.say("alarm", b"\xa1\x00\x02")
    drill, real = await eventually(lambda: len(found := gateway.centre.live_incidents()) == 2 and found)
    assert (drill.incident.test, real.incident.test) == (True, False)


async def test_alarm_that_the_database_refuses_does_not_hold_up_the_next(gateway, unit, lines):
    """And it is left unacknowledged: with the next connection it comes again, and is stored if it can be."""
    await gateway.provision("u2002", OTHER_COURT)
    refuse = "CREATE TRIGGER refuse BEFORE INSERT ON alarms WHEN NEW.unit_id = 'u1001' "
    await gateway.store.write(lambda c: c.execute(text(refuse + "BEGIN SELECT RAISE(ABORT, 'no'); END")))
    alarm = unit.alarm()
    for repeat in range(3):
        await unit.say("alarm", unit.alarm(alarm_id=alarm.alarm_id, repeat=repeat))
    async with StandIn(gateway.settings.data_dir / "units" / "u2002") as other:
        await other.online()
        next_one = other.alarm()
        await other.say("alarm", next_one)
        await other.receipt(next_one.alarm_id, messages.STORED)
    assert [view.incident.unit_id for view in gateway.centre.live_incidents()] == ["u2002"]
    await eventually(lambda: faults(gateway, "alarm_refused") == 3)
    (line,) = said(lines, "alarm_refused")
    assert (line["unit"], line["alarm"], line["log_level"]) == ("u1001", alarm.alarm_id.hex(), "warning")
    assert gateway.centre.health()["ok"]
    await gateway.store.write(lambda c: c.execute(text("DROP TRIGGER refuse")))
    await gateway.ingest.alarm_link.stop()
    gateway.ingest.alarm_link.start()
    await unit.receipt(alarm.alarm_id, messages.STORED)
    assert {view.incident.unit_id for view in gateway.centre.live_incidents()} == {"u1001", "u2002"}


def test_alarms_that_are_left_are_bounded_and_each_only_once():
    left = Left(2)
    assert left.leave(("u1", "a"), 1) and not left.leave(("u1", "a"), 1)
    assert left.leave(("u1", "b"), 1) and not left.leave(("u2", "a"), 1)
    assert left.leave(("u1", "a"), 2)
    left.forget(("u1", "a"))
    assert left.leave(("u2", "a"), 2)


async def test_fix_from_the_future_keeps_both_times_and_is_not_believed(gateway, unit, lines):
    ahead_s = int(time.time()) + 3600
    await batch(unit, unit.fix(utc_s=ahead_s))
    (fix,) = await stored(gateway)
    assert (fix.taken_ms, fix.fault) == (ahead_s * 1000, "future")
    assert abs(fix.received_ms - time.time() * 1000) < 60_000
    assert fix.at_ms() == fix.received_ms
    assert said(lines, "fix_from_future")[0]["unit"] == "u1001"
    alarm = unit.alarm(fix=unit.fix(utc_s=ahead_s), fix_age_ms=0)
    await unit.say("alarm", alarm)
    await unit.receipt(alarm.alarm_id, messages.STORED)
    (view,) = gateway.centre.live_incidents()
    assert view.incident.ranking.confidence == "stale"


async def test_fix_at_null_island_is_kept_and_used_for_nothing(gateway, unit, lines):
    await batch(unit, unit.fix(26.1, 119.3), unit.fix(0, 0))
    assert [fix.fault for fix in await stored(gateway)] == [None, "null_island"]
    assert gateway.centre.units()["u1001"].fix.lat == pytest.approx(26.1)
    alarm = unit.alarm(fix=unit.fix(0, 0), fix_age_ms=0)
    await unit.say("alarm", alarm)
    await unit.receipt(alarm.alarm_id, messages.STORED)
    (view,) = gateway.centre.live_incidents()
    assert view.incident.fix.lat == pytest.approx(26.1)
    assert faults(gateway, "fix_at_null_island") == 2


async def test_batch_repeated_is_stored_once_and_confirmed_each_time(gateway, unit):
    found = [unit.fix() for _ in range(32)]
    await batch(unit, *found, batch_id=7, dropped=3)
    unit.heard.clear()
    await batch(unit, *found, batch_id=7, dropped=0)
    assert len(await stored(gateway)) == 32
    assert gateway.metrics.fixes_dropped_by_units._value.get() == 3


async def test_fixes_of_a_dead_zone_that_come_late_do_not_move_the_officer_back(gateway, unit):
    early = unit.fix(26.0)
    await batch(unit, unit.fix(26.5), batch_id=1)
    await batch(unit, early, batch_id=2)
    assert gateway.centre.units()["u1001"].fix.lat == pytest.approx(26.5)


async def test_alarm_overtakes_a_thousand_positions(gateway, unit):
    """A machine that is slow to publish them may store the first hundreds before the alarm: they are held back."""
    gateway.centre.turns.longest_s = 60
    with gateway.centre.turns.urgent():
        for n in range(1000):
            message = messages.FixBatch(fixes=[unit.fix() for _ in range(16)], dropped=0, batch_id=n + 1)
            await unit.raw(topics.up(COURT, "u1001", "fix"), message.encode(), wait=False)
        alarm = unit.alarm()
        await unit.raw(topics.up(COURT, "u1001", "alarm"), alarm.encode(), wait=False)
        await unit.receipt(alarm.alarm_id, messages.STORED)
        async with gateway.store.read() as connection:
            assert await fixes.count(connection) < 16_000
    await unit.until(
        lambda: any(leaf == "want" and 1000 in want.stored_batches for leaf, want in unit.heard), 60
    )
    async with gateway.store.read() as connection:
        assert await fixes.count(connection) == 16_000


async def test_database_that_is_full_acknowledges_nothing_and_all_of_it_comes_when_there_is_room(
    start, lines, free_port
):
    gateway = await start(port=free_port, sqlite_max_pages=150)
    await gateway.provision("u1001", COURT)
    alarm_id = secrets.token_bytes(16)
    async with StandIn(gateway.settings.data_dir / "units" / "u1001") as unit:
        await unit.online()
        sent = 0
        while gateway.centre.health()["ok"]:
            sent += 1
            message = messages.FixBatch(fixes=[unit.fix() for _ in range(32)], dropped=0, batch_id=sent)
            await unit.say("fix", message)
        await eventually(
            lambda: all("full" in str(gateway.centre.health()[part]) for part in ("store", "ingest"))
        )
        for n in range(20):  # small rows may still find a place: an officer presses until none is left
            alarm = unit.alarm(alarm_id=secrets.token_bytes(16), kind=messages.KIND_BUTTON)
            await unit.say("alarm", alarm)
            if n == 0:
                alarm_id = alarm.alarm_id
        await gateway.stop()
        assert len([line for line in said(lines, "cannot_commit") if line["log_level"] == "error"]) <= 2
        again = await start(port=free_port)
        await unit.receipt(alarm_id, messages.STORED, 20)
        await unit.until(
            lambda: (
                {n for leaf, w in unit.heard if leaf == "want" for n in w.stored_batches}
                == set(range(1, sent + 1))
            ),
            30,
        )
        assert len(await stored(again)) == min(1000, sent * 32)
        await eventually(lambda: again.centre.live_incidents()[0].incident.alarm_count == 20)
        assert again.centre.health()["ok"]


def _fields(message):
    return {name: getattr(message, name) for _, name, *_ in message.FIELDS}
