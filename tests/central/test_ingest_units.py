"""Units that the register does not know, has revoked or learns of late, and what their states say of link and clock."""

import time

import pytest
from conftest import COURT, eventually
from ingest_case import batch, faults, online, said, stored
from standin import StandIn

from protocol import messages


@pytest.fixture
async def gateway(start, lines):
    gateway = await start()
    await gateway.provision("u1001", COURT, officer="Lin Yan")
    return gateway


@pytest.fixture
async def unit(gateway):
    async with StandIn(gateway.settings.data_dir / "units" / "u1001") as one:
        yield await online(gateway, one)


async def test_alarm_of_a_unit_that_nobody_knows_is_shown_and_its_positions_are_not_kept(
    gateway, unit, lines
):
    """The broker has let it in by its certificate; the register was perhaps restored from an old backup."""
    await gateway.store.write(_forget("u1001"))
    gateway.centre.units().pop("u1001")
    await unit.say("fix", messages.FixBatch(fixes=[unit.fix()], dropped=0, batch_id=3))
    alarm = unit.alarm(fix=unit.fix(), fix_age_ms=5)
    await unit.say("alarm", alarm)
    await unit.receipt(alarm.alarm_id, messages.STORED)
    (view,) = gateway.centre.live_incidents()
    assert (view.incident.unit_id, view.incident.court_id, view.incident.officer) == ("u1001", COURT, "")
    assert not gateway.centre.units()["u1001"].unit.known
    await eventually(lambda: faults(gateway, "unknown_unit") == 2)
    assert said(lines, "unknown_unit")[0]["unit"] == "u1001"
    assert await stored(gateway) == []


async def test_alarm_of_a_revoked_unit_that_got_through_is_shown(gateway, unit, lines):
    async def revoke(connection):
        from gateway.store import tables

        await connection.execute(tables.units.update().values(revoked_ms=1))

    await gateway.store.write(revoke)
    await gateway.centre.reload()  # the broker is not told: it still lets it in
    alarm = unit.alarm()
    await unit.say("alarm", alarm)
    await unit.receipt(alarm.alarm_id, messages.STORED)
    assert len(gateway.centre.live_incidents()) == 1
    assert said(lines, "revoked_unit")[0]["alarm"] is True


async def test_unit_provisioned_by_another_process_is_known_at_its_first_word(gateway):
    from gateway.provision import provision

    folder = gateway.settings.data_dir / "units" / "u3"
    await provision(
        gateway.store,
        gateway.authority,
        gateway.settings.unit,
        gateway.endpoint,
        "u3",
        COURT,
        folder,
        now_ms=1,
    )
    from gateway.store import units

    async with gateway.store.read() as connection:
        gateway.broker.admit(await units.all_units(connection), [])
    async with StandIn(folder) as one:
        await one.online()
        alarm = one.alarm()
        await one.say("alarm", alarm)
        await one.receipt(alarm.alarm_id, messages.STORED)
        await batch(one, one.fix())
    assert gateway.centre.units()["u3"].unit.known and faults(gateway, "unknown_unit") == 0


async def test_will_of_an_earlier_connection_does_not_mark_a_live_unit_offline(gateway, unit):
    unit.session = 5
    await unit.online()
    await unit.say("state", messages.State(online=0, boot=1, session=5))
    await batch(unit, unit.fix())
    assert gateway.centre.units()["u1001"].online
    await unit.say("state", messages.State(online=0, boot=1, session=6))
    await eventually(lambda: not gateway.centre.units()["u1001"].online)


async def test_clock_of_a_unit_is_measured_by_its_states_and_kept_over_a_restart(
    gateway, start, unit, tmp_path
):
    def offset_ms(of=gateway):
        return of.centre.units()["u1001"].clock_offset_ms

    assert offset_ms() is None
    ahead_s = time.time_ns() // 10**9 + 60
    message = messages.State(online=1, boot=1, session=unit.session, stamp=unit.stamp(ahead_s))
    await unit.say("state", message)
    await eventually(lambda: offset_ms() is not None)
    kept_ms = offset_ms()
    assert 40_000 < kept_ms <= 60_000
    await gateway.stop()
    assert offset_ms(await start()) == kept_ms


def _forget(unit_id):
    from gateway.store import tables

    async def job(connection):
        await connection.execute(tables.units.delete().where(tables.units.c.unit_id == unit_id))

    return job
