"""The live WebSocket over a real port."""

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import websockets
from sqlalchemy import update

from gateway import accounts
from gateway.dispatch_settings import DispatchSettings
from gateway.model import Role, Unit
from gateway.store.tables import users

SECOND_MS = 1000


async def test_snapshot_then_incidents_at_once_and_units_once_a_second(site: Any) -> None:
    watcher = await site.watch(await site.person(Role.DISPATCHER, "MID1"))
    snapshot = await watcher.read()
    assert snapshot["t"] == "snapshot" and snapshot["now_ms"] == site.clock.now_ms()
    for name in ("road_factor", "speed_km_h", "stale_fix_s", "coarse_fix_m"):
        assert snapshot["gateway"].pop(name) == getattr(DispatchSettings(), name)
    assert snapshot["gateway"].keys() == {"version", "started_ms", "console_build", "name", "map"}
    incident_id = await site.alarm()
    message = await watcher.read()
    assert (message["t"], message["seq"]) == ("incident", snapshot["seq"] + 1)
    assert message["incident"]["incident_id"] == incident_id
    for battery_pct in range(40, 60):
        site.heard("U1", battery_pct=battery_pct)
    site.clock.advance(SECOND_MS)
    delta = await watcher.read()
    assert (delta["t"], delta["seq"]) == ("delta", snapshot["seq"] + 2)
    assert [unit["battery_pct"] for unit in delta["units"]] == [59]
    assert delta["health"]["ok"] is True


async def test_incident_goes_before_units_that_changed_earlier(site: Any) -> None:
    watcher = await site.watch(await site.person(Role.DISPATCHER, "MID1"))
    await watcher.read()
    site.centre.turns.longest_s = 60
    with site.centre.turns.urgent():
        site.heard("U2", battery_pct=41)
        site.clock.advance(SECOND_MS)
        incident_id = await site.alarm()
        incident = await watcher.read()
    assert incident["incident"]["incident_id"] == incident_id
    assert {unit["unit_id"]: unit["battery_pct"] for unit in (await watcher.read())["units"]}["U2"] == 41


async def test_incident_says_when_it_was_committed(site: Any) -> None:
    watcher = await site.watch(await site.person(Role.DISPATCHER, "MID1"))
    await site.alarm()
    message = await watcher.until("incident")
    assert message["committed_ms"] >= message["incident"]["opened_ms"]


async def test_units_that_changed_come_ten_times_a_second(site: Any) -> None:
    watcher = await site.watch(await site.person(Role.DISPATCHER, "MID1"))
    await watcher.read()
    site.clock.advance(SECOND_MS)
    began_ms = (await watcher.beat())["now_ms"]
    for tenth in range(1, 6):
        site.heard("U1", battery_pct=40 + tenth)
        site.clock.advance(SECOND_MS // 10)
        delta = await watcher.read()
        assert [unit["battery_pct"] for unit in delta["units"]] == [40 + tenth]
        assert delta["now_ms"] == began_ms + tenth * SECOND_MS // 10


async def test_tick_when_nothing_changed(site: Any) -> None:
    watcher = await site.watch(await site.person(Role.VIEWER, None))
    await watcher.read()
    site.clock.advance(SECOND_MS)
    await watcher.read()
    site.clock.advance(SECOND_MS)
    tick = await watcher.read()
    assert tick == {"t": "tick", "seq": 2, "now_ms": site.clock.now_ms()}


async def test_duty_is_live(site: Any) -> None:
    client = await site.person(Role.DISPATCHER, "MID1")
    inside, outside = await site.watch(client), await site.watch(await site.person(Role.VIEWER, "B3"))
    await inside.read(), await outside.read()
    await client.put("/api/v1/courts/B1/duty", json={"on_duty": False})
    site.clock.advance(SECOND_MS)
    (court,) = (await inside.until("delta"))["courts"]
    assert court["court_id"] == "B1" and court["on_duty"] is False
    assert "courts" not in await outside.read()


async def test_reconnecting_gets_a_fresh_snapshot(site: Any) -> None:
    client = await site.person(Role.DISPATCHER, "MID1")
    watcher = await site.watch(client)
    await watcher.read()
    await watcher.connection.close()
    incident_id = await site.alarm()
    site.heard("U2", battery_pct=7)
    snapshot = await (await site.watch(client)).read()
    assert [one["incident_id"] for one in snapshot["incidents"]] == [incident_id]
    assert {unit["unit_id"]: unit["battery_pct"] for unit in snapshot["units"]}["U2"] == 7


async def test_every_change_of_an_incident_comes(site: Any) -> None:
    client = await site.person(Role.DISPATCHER, "MID1")
    watcher = await site.watch(client)
    incident_id = await site.alarm()
    for number in range(30):
        await client.post(f"/api/v1/incidents/{incident_id}/note", json={"note": str(number)})
    versions = [(await watcher.until("incident"))["incident"]["version"] for _ in range(31)]
    assert versions == list(range(1, 32))


async def test_slow_reader_is_conflated_and_then_caught_up(site: Any) -> None:
    watcher = await site.watch(await site.person(Role.VIEWER, None))
    other = await site.watch(await site.person(Role.VIEWER, None))
    watcher.echoing = False
    first = await watcher.read()
    await other.read()
    for second in range(6):
        site.heard(("U1", "U2", "U3")[second % 3], battery_pct=second)
        site.clock.advance(SECOND_MS)
        await other.until("delta")
    got = [await watcher.read() for _ in range(3)]  # those of before it was 3 s behind
    await site.alarm("U2")
    assert (await watcher.read())["t"] == "incident"
    await watcher.seen(watcher.last_seq)
    while not watcher.connection.latency and watcher.connection.state is websockets.State.OPEN:
        await (await watcher.connection.ping())  # its echo has been read before this is answered
    site.clock.advance(SECOND_MS)
    delta = await watcher.read()
    assert delta["t"] == "delta" and delta["seq"] > got[-1]["seq"] + 1 > first["seq"]
    assert {unit["unit_id"] for unit in delta["units"]} == {"U1", "U2", "U3"}
    watcher.echoing = True
    site.clock.advance(SECOND_MS)
    assert (await watcher.read())["seq"] == delta["seq"] + 1


async def test_reader_that_never_echoes_is_closed_after_ten_seconds(site: Any) -> None:
    watcher = await site.watch(await site.person(Role.VIEWER, None))
    other = await site.watch(await site.person(Role.VIEWER, None))
    watcher.echoing = False
    await watcher.read(), await other.read()
    for _ in range(11):
        site.clock.advance(SECOND_MS)
        assert (await other.read())["t"] in ("delta", "tick")
    assert await watcher.closed() == 4008
    site.clock.advance(SECOND_MS)
    assert (await other.read())["health"]["subscribers"] == 1


async def test_reader_whose_connection_is_stuck_holds_nobody_up(site: Any) -> None:
    client = await site.person(Role.DISPATCHER, "MID1")
    stuck = await site.watch(client, max_queue=1)
    other = await site.watch(client)
    incident_id = await site.alarm()
    await other.until("incident")
    for number in range(60):
        body = {"note": f"{number} " + "漢" * 1900}
        assert (await client.post(f"/api/v1/incidents/{incident_id}/note", json=body)).status_code == 200
        assert (await other.until("incident"))["incident"]["version"] == number + 2
    for _ in range(12):
        site.clock.advance(SECOND_MS)
        await other.beat()
    assert await stuck.closed() in (4008, 1006)


async def test_what_is_no_message_of_a_client_ends_the_connection(site: Any) -> None:
    client = await site.person(Role.VIEWER, None)
    for said, code in (
        ("", 4001),
        ("hello", 4001),
        ("[" * 4000, 4001),
        ('{"t":"seen","seq":"1"}', 4001),
        ('{"t":"seen","seq":true}', 4001),
        ('{"t":"seen","seq":999}', 4001),
        ('{"t":"acknowledge"}', 4001),
        (b"\x00\x01", 4001),
        ("x" * 4097, 1009),
    ):
        watcher = await site.watch(client)
        await watcher.read()
        await watcher.connection.send(said)
        assert await watcher.closed() == code, said


async def test_signing_out_closes_the_live_connections_of_that_session(site: Any) -> None:
    client, other = await site.person(Role.VIEWER, None), await site.person(Role.VIEWER, None)
    mine, theirs = [await site.watch(client) for _ in range(2)], await site.watch(other)
    assert (await client.delete("/api/v1/session")).status_code == 204
    assert [await watcher.closed() for watcher in mine] == [4401, 4401]
    await theirs.read()
    site.clock.advance(SECOND_MS)
    assert (await theirs.read())["t"] == "delta"


async def test_session_that_ends_elsewhere_closes_the_live_connection(site: Any) -> None:
    client = await site.person(Role.VIEWER, None)
    watcher = await site.watch(client)
    await watcher.read()
    await accounts.close_session(site.parts.store, client.headers["Cookie"].partition("=")[2])
    for _ in range(4):
        site.clock.advance(SECOND_MS)
        await watcher.beat()
    site.clock.advance(SECOND_MS)
    assert await watcher.closed() == 4401


async def test_person_whose_rights_change_reconnects(site: Any) -> None:
    client = await site.person(Role.VIEWER, None, "moved")
    watcher = await site.watch(client)
    await watcher.read()
    change = update(users).where(users.c.login == "moved").values(court_id="B3")
    await site.parts.store.write(lambda connection: connection.execute(change))
    for _ in range(4):
        site.clock.advance(SECOND_MS)
        await watcher.beat()
    site.clock.advance(SECOND_MS)
    assert await watcher.closed() == 1012
    assert [unit["unit_id"] for unit in (await (await site.watch(client)).read())["units"]] == ["U3"]


async def test_open_console_keeps_its_session_in_use(open_site: Any, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        site = await open_site(stack, tmp_path, idle_minutes=1)
        client = await site.person(Role.VIEWER, None)
        watcher = await site.watch(client)
        await watcher.read()
        for _ in range(90):
            site.clock.advance(SECOND_MS)
            await watcher.beat()
        assert (await client.get("/api/v1/session")).status_code == 200


async def test_strangers_and_foreign_sites_get_no_connection(site: Any) -> None:
    client = await site.person(Role.VIEWER, None)
    with pytest.raises(websockets.InvalidStatus) as refused:
        await site.watch(await site.visitor())
    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body)["type"] == "urn:tipstaff:problem:unauthenticated"
    with pytest.raises(websockets.InvalidStatus) as refused:
        await site.watch(client, origin="https://evil.example")
    assert refused.value.response.status_code == 403
    assert (await (await site.watch(client, origin=site.base_url)).read())["t"] == "snapshot"


async def test_no_deflate_and_a_bound_on_connections(
    open_site: Any, tmp_path: Path, empty_database: Path
) -> None:
    async with AsyncExitStack() as stack:
        site = await open_site(stack, tmp_path, max_live=2)
        client = await site.person(Role.VIEWER, None)
        first, _ = await site.watch(client), await site.watch(client)
        assert first.connection.protocol.extensions == []
        with pytest.raises(websockets.InvalidStatus) as refused:
            await site.watch(client)
        assert refused.value.response.status_code == 503


async def test_two_thousand_units_at_one_hertz(site: Any) -> None:
    units = [Unit(f"N{number:04d}", "B1", f"闽执{number}") for number in range(2000)]
    for unit in units:
        site.heard_of(unit)
    watchers = [await site.watch(await site.person(Role.VIEWER, "B1")) for _ in range(3)]
    for watcher in watchers:
        assert len((await watcher.read())["units"]) == 2001
    for second in range(3):
        for unit in units:
            site.heard_of(unit, battery_pct=second)
        site.clock.advance(SECOND_MS)
        for watcher in watchers:
            delta = await watcher.beat()
            assert {unit["battery_pct"] for unit in delta["units"]} == {second} and len(
                delta["units"]
            ) == 2000
