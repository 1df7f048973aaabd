"""Who sees what, and who may do what."""

from typing import Any

from gateway.api.scope import Scope, scope_of
from gateway.model import Court, Level, Role, User


def ids(answer: Any, key: str) -> list[str]:
    assert answer.status_code == 200
    return [item[key] for item in answer.json()["items"]]


async def test_lists_hold_the_courts_below_ones_own(site: Any) -> None:
    everything = (["B1", "B2", "B3", "HIGH", "MID1", "MID2"], ["U1", "U2", "U3"])
    for court_id, courts, units in (
        (None, *everything),
        ("HIGH", *everything),
        ("MID1", ["B1", "B2", "MID1"], ["U1", "U2"]),
        ("B3", ["B3"], ["U3"]),
    ):
        client = await site.person(Role.VIEWER, court_id)
        assert ids(await client.get("/api/v1/courts"), "court_id") == courts
        assert ids(await client.get("/api/v1/units"), "unit_id") == units
        snapshot = await (await site.watch(client)).read()
        assert [unit["unit_id"] for unit in snapshot["units"]] == units
        assert sorted(court["court_id"] for court in snapshot["courts"]) == courts


async def test_incident_of_another_court_does_not_exist(site: Any) -> None:
    incident_id = await site.alarm("U1")
    stranger = await site.person(Role.COURT, "B3")
    assert ids(await stranger.get("/api/v1/incidents"), "incident_id") == []
    assert (await (await site.watch(stranger)).read())["incidents"] == []
    for answer in (
        await stranger.get(f"/api/v1/incidents/{incident_id}"),
        await stranger.post(f"/api/v1/incidents/{incident_id}/accept", json={}),
        await stranger.get("/api/v1/units/U1"),
        await stranger.get("/api/v1/units/U1/track"),
        await stranger.get("/api/v1/incidents/I-20200101-0001"),
    ):
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:tipstaff:problem:not-found"
    own = await site.person(Role.COURT, "B1")
    assert ids(await own.get("/api/v1/incidents"), "incident_id") == [incident_id]


async def test_live_stream_is_filtered_on_the_server(site: Any) -> None:
    stranger = await site.watch(await site.person(Role.COURT, "B3"))
    own = await site.watch(await site.person(Role.COURT, "B1"))
    await stranger.read(), await own.read()
    await site.alarm("U1")
    site.heard("U1", battery_pct=50)
    site.heard("U3", battery_pct=60)
    assert (await own.until("incident"))["incident"]["unit_id"] == "U1"
    site.clock.advance(1000)
    assert [unit["unit_id"] for unit in (await own.until("delta"))["units"]] == ["U1"]
    message = await stranger.read()
    assert message["t"] == "delta" and [unit["unit_id"] for unit in message["units"]] == ["U3"]


async def test_court_that_is_asked_sees_the_incident_and_its_unit_from_then_on(site: Any) -> None:
    incident_id = await site.alarm("U1")
    asked = await site.person(Role.COURT, "B3")
    watcher = await site.watch(asked)
    assert (await watcher.read())["incidents"] == []
    dispatcher = await site.person(Role.DISPATCHER, "MID1")
    answer = await dispatcher.post(f"/api/v1/incidents/{incident_id}/offer", json={"court_id": "B3"})
    assert answer.status_code == 200
    assert (await watcher.until("incident"))["incident"]["state"] == "OFFERED"
    site.clock.advance(1000)
    assert "U1" in [unit["unit_id"] for unit in (await watcher.until("delta"))["units"]]
    assert ids(await asked.get("/api/v1/units"), "unit_id") == ["U1", "U3"]
    assert (await asked.get("/api/v1/units/U1/track")).status_code == 200
    answer = await asked.post(f"/api/v1/incidents/{incident_id}/accept", json={"eta_s": 900})
    assert answer.status_code == 200 and answer.json()["owner_court_id"] == "B3"


FORBIDDEN = (
    (Role.VIEWER, None, "acknowledge", {}),
    (Role.VIEWER, None, "accept", {"court_id": "B1"}),
    (Role.COURT, "B1", "acknowledge", {}),
    (Role.COURT, "B1", "close", {"reason": "x"}),
    (Role.COURT, "B1", "offer", {"court_id": "B1"}),
    (Role.COURT, "B1", "merge", {"into": "I-1"}),
    (Role.COURT, "B1", "note", {"note": "x"}),
    (Role.COURT, "B1", "callback", {}),
    (Role.COURT, "B1", "accept", {"court_id": "B2"}),
    (Role.COURT, "B1", "en_route", {"court_id": "B2"}),
    (Role.COURT, "MID1", "accept", {"court_id": "B1"}),
)


async def test_what_is_seen_may_still_be_forbidden(site: Any) -> None:
    incident_id = await site.alarm("U1")
    for role, court_id, action, body in FORBIDDEN:
        client = await site.person(role, court_id)
        answer = await client.post(f"/api/v1/incidents/{incident_id}/{action}", json=body)
        assert answer.status_code == 403, (role, action, answer.text)
        assert answer.json()["type"] == "urn:tipstaff:problem:forbidden"
    assert (await site.centre.incident(incident_id)).incident.version == 1


async def test_duty_by_role(site: Any) -> None:
    for role, court_id, of, status in (
        (Role.VIEWER, None, "B1", 403),
        (Role.COURT, "MID1", "B1", 403),
        (Role.COURT, "B1", "B2", 404),
        (Role.DISPATCHER, "MID1", "B3", 404),
        (Role.ADMIN, None, "NOPE", 404),
        (Role.COURT, "B1", "B1", 200),
        (Role.DISPATCHER, "MID1", "B2", 200),
    ):
        client = await site.person(role, court_id)
        answer = await client.put(f"/api/v1/courts/{of}/duty", json={"on_duty": False})
        assert answer.status_code == status
    assert [court.court_id for court in site.centre.courts().values() if not court.on_duty] == ["B1", "B2"]


async def test_commands_by_role(site: Any) -> None:
    site.heard("U1")
    for role, status in ((Role.VIEWER, 403), (Role.COURT, 403), (Role.DISPATCHER, 202), (Role.ADMIN, 202)):
        client = await site.person(role, "B1")
        answer = await client.post("/api/v1/units/U1/commands", json={"kind": "locate"})
        assert answer.status_code == status
    assert [topic for topic, _ in site.sent] == ["tip/1/B1/U1/down/command"] * 2


def test_court_that_is_its_own_ancestor_does_no_harm() -> None:
    loop = [Court("A", "a", Level.BASIC, "B", 0, 0), Court("B", "b", Level.BASIC, "A", 0, 0)]
    assert scope_of(User("x", "x", Role.VIEWER, "A"), loop) == Scope(frozenset({"A", "B"}))
