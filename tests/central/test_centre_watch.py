"""What the consoles and the audit see of the centre."""

import dataclasses

import pytest
from conftest import COURT

from gateway.dispatch.centre_live import WAITING_MAX, Hub, IncidentChange, Overflowed, View
from gateway.dispatch.events import Acknowledge
from gateway.errors import NotFound
from gateway.store import audit, units
from protocol import messages


async def test_watcher_sees_every_change_in_order_and_units_once(desk):
    async with desk.centre.subscribe() as watching:
        await desk.centre.alarm(desk.alarm())
        (view,) = desk.centre.live_incidents()
        await desk.centre.act(view.incident.incident_id, Acknowledge("Chen"), login="chen")
        await desk.centre.set_duty(COURT, False, login="chen")
        changes = [await anext(watching) for _ in range(3)]
        assert [change.view.incident.version for change in changes if isinstance(change, IncidentChange)] == [
            1,
            2,
        ]
        assert changes[2].court.on_duty is False
        assert [status.unit.unit_id for status in watching.changed_units()] == ["u1001"]
        assert watching.changed_units() == []


async def test_watcher_that_does_not_keep_up_is_cut_off_and_told_so():
    hub = Hub()
    async with hub.subscribe() as slow, hub.subscribe() as quick:
        for n in range(WAITING_MAX + 1):
            hub.publish(IncidentChange(View(n)))
            assert (await anext(quick)).view.incident == n
        with pytest.raises(Overflowed):
            await anext(slow)


async def test_who_changed_what_is_in_the_audit(desk):
    await desk.centre.alarm(desk.alarm())
    (view,) = desk.centre.live_incidents()
    await desk.centre.act(view.incident.incident_id, Acknowledge("Chen"), login="chen")
    await desk.centre.set_duty(COURT, False, login="wu")
    await desk.centre.command("u1001", messages.LOCATE, None, None, login="chen")
    async with desk.store.read() as connection:
        found = [(entry.login, entry.action) for entry in await audit.entries(connection)]
        assert await audit.first_broken(connection) is None
    assert found == [("chen", "incident"), ("wu", "duty"), ("chen", "command")]


async def test_command_expires_and_is_refused_for_units_that_cannot_hear_it(desk, clock):
    command_id = await desk.centre.command("u1001", messages.SETTING, "hold_ms", 500, login="chen")
    topic, sent = desk.sent[-1]
    assert topic == f"tip/1/{COURT}/u1001/down/command"
    assert (sent.command_id.hex(), sent.name, sent.value) == (command_id, "hold_ms", 500)
    assert sent.expires_s == clock.now_ms() // 1000 + 300
    with pytest.raises(NotFound):
        await desk.centre.command("none", messages.LOCATE, None, None, login="chen")


async def test_unit_that_falls_silent_does_not_look_fresh_after_the_clock_was_set_back(desk, clock):
    clock.set(-3_600_000)
    desk.online()
    assert desk.centre.units()["u1001"].seen_ms == clock.now_ms()


async def test_import_of_all_courts_ends_no_subscription(desk):
    async with desk.centre.subscribe() as subscription:
        (court,) = [one for one in desk.centre.courts().values() if one.court_id == COURT]
        many = [dataclasses.replace(court, court_id=f"n{n}") for n in range(WAITING_MAX + 1)]
        await desk.store.write(lambda c: units.save_courts(c, many))
        await desk.centre.reload()
        heard_of = {(await anext(subscription)).court.court_id for _ in many}
        assert heard_of == {court.court_id for court in many}
