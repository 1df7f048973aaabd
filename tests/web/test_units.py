"""Units, tracks and commands over HTTP."""

from typing import Any

import pytest

from gateway.dispatch.asked import ASKED_MAX, Asked, AskedCommands
from gateway.model import Role
from gateway.store import fixes
from protocol.messages import CASE, DONE, LIVE, LOCATE, MARK, RECORD, REFUSED, SETTING, TEST_ALARM, Command


async def test_track_is_the_newest_positions_oldest_first(site: Any) -> None:
    found = []
    for _ in range(5):
        site._mono_ms += 1000
        found.append(("U1", site.fix()))
        site.clock.advance(1000)
    await site.parts.store.write(lambda connection: fixes.add(connection, found))
    client = await site.person(Role.VIEWER, "B1")
    answer = await client.get("/api/v1/units/U1/track")
    assert answer.status_code == 200, answer.text
    whole = answer.json()
    times = [fix["received_ms"] for fix in whole["items"]]
    assert (
        times == [fix.received_ms for _, fix in found]
        and whole["truncated"] is False
        and whole["next"] is None
    )
    past = (await client.get(f"/api/v1/units/U1/track?since_ms={times[0]}&until_ms={times[1]}")).json()
    assert [fix["received_ms"] for fix in past["items"]] == times[:2]
    some = (await client.get(f"/api/v1/units/U1/track?limit=2&since_ms={times[1]}")).json()
    assert [fix["received_ms"] for fix in some["items"]] == times[3:] and some["truncated"] is True
    site.clock.advance(3_600_000)
    later = await site.person(Role.VIEWER, "B1")
    assert (await later.get("/api/v1/units/U1/track")).json()["items"] == []


async def test_commands_go_out_as_the_wire_says(site: Any) -> None:
    site.heard("U1")
    client = await site.person(Role.DISPATCHER, "MID1")
    bodies = (
        ({"kind": "locate"}, (LOCATE, None, None)),
        ({"kind": "setting", "name": "hold_ms", "value": 500}, (SETTING, "hold_ms", 500)),
        ({"kind": "case", "value": "(2026)闽0105执1287号"}, (CASE, None, "(2026)闽0105执1287号")),
        ({"kind": "case", "value": None}, (CASE, None, "")),
        ({"kind": "test_alarm"}, (TEST_ALARM, None, None)),
        ({"kind": "record", "value": 1}, (RECORD, None, 1)),
        ({"kind": "live", "value": 3}, (LIVE, None, 3)),
        ({"kind": "mark"}, (MARK, None, None)),
    )
    for body, (kind, name, value) in bodies:
        answer = await client.post("/api/v1/units/U1/commands", json=body)
        assert answer.status_code == 202, answer.text
        topic, payload = site.sent[-1]
        sent = Command.decode(payload)
        assert topic == "tip/1/B1/U1/down/command" and sent.command_id.hex() == answer.json()["command_id"]
        assert (sent.kind, sent.name, sent.value) == (kind, name, value)


@pytest.mark.parametrize(
    "body",
    [{"kind": "record"}, {"kind": "record", "value": 2}, {"kind": "live", "value": "3"}, {"kind": "live"}],
)
async def test_command_without_its_number_is_refused(site: Any, body: dict[str, Any]) -> None:
    site.heard("U1")
    client = await site.person(Role.DISPATCHER, "MID1")
    answer = await client.post("/api/v1/units/U1/commands", json=body)
    assert answer.status_code == 422 and body["kind"] in answer.text and site.sent == []


async def test_unit_that_was_never_heard_takes_no_command(site: Any) -> None:
    client = await site.person(Role.DISPATCHER, "MID1")
    answer = await client.post("/api/v1/units/U1/commands", json={"kind": "locate"})
    assert answer.status_code == 409 and answer.json()["type"] == "urn:tipstaff:problem:refused"
    assert "never heard" in answer.json()["detail"] and site.sent == []


async def test_reply_of_the_unit_is_told_to_who_may_command(site: Any) -> None:
    site.heard("U1")
    site.heard("U2")
    client = await site.person(Role.DISPATCHER, "MID1")
    body = {"kind": "setting", "name": "hold_ms", "value": 500}
    command_id = (await client.post("/api/v1/units/U1/commands", json=body)).json()["command_id"]
    path = f"/api/v1/units/U1/commands/{command_id}"
    nothing_yet = {"command_id": command_id, "outcome": None, "detail": None}
    assert (await client.get(path)).json() == nothing_yet
    asked = site.parts.centre.asked
    asked.answered(command_id, "U2", DONE, None)  # of another unit
    asked.answered("0" * 16, "U1", DONE, None)  # that nobody sent
    assert (await client.get(path)).json() == nothing_yet
    asked.answered(command_id, "U1", REFUSED, "not now")
    assert (await client.get(path)).json() == {**nothing_yet, "outcome": "refused", "detail": "not now"}
    for wrong in (path.replace("U1", "U2"), "/api/v1/units/U1/commands/" + "0" * 16):
        assert (await client.get(wrong)).status_code == 404
    assert (await client.get("/api/v1/units/U1/commands/x")).status_code == 422
    other = await site.person(Role.DISPATCHER, "MID2")
    viewer = await site.person(Role.VIEWER, "B1")
    assert [(await one.get(path)).status_code for one in (other, viewer)] == [404, 403]


def test_oldest_commands_are_forgotten() -> None:
    asked = AskedCommands()
    for number in range(ASKED_MAX + 1):
        asked.sent(f"{number:016x}", "U1")
    assert asked.of(f"{0:016x}", "U1") is None and asked.of(f"{1:016x}", "U1") == Asked("U1")
