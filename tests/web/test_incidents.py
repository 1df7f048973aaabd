"""What people do with an incident, over HTTP."""

import asyncio
from dataclasses import replace
from typing import Any

from gateway.api.schemas import Court, Incident, Unit
from gateway.dispatch_settings import DispatchSettings
from gateway.model import Role
from gateway.store import audit


async def offered(site: Any, unit_id: str = "U1") -> str:
    """An incident that the nearest court was asked to take."""
    incident_id = await site.alarm(unit_id)
    admin = await site.person(Role.ADMIN, None)
    answer = await admin.post(f"/api/v1/incidents/{incident_id}/offer", json={"court_id": "B1"})
    assert answer.status_code == 200
    return incident_id


async def test_two_dispatchers_acknowledge_at_the_same_instant(site: Any) -> None:
    incident_id = await site.alarm()
    lin = await site.person(Role.DISPATCHER, "MID1", "林")
    chen = await site.person(Role.DISPATCHER, "MID1", "陈")
    url, body = f"/api/v1/incidents/{incident_id}/acknowledge", {"version": 1}
    answers = await asyncio.gather(lin.post(url, json=body), chen.post(url, json=body))
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 409)
    winner = won.json()["centre"]["acknowledged_by"]
    problem = lost.json()
    assert problem["type"] == "urn:tipstaff:problem:conflict" and winner in problem["detail"]
    assert problem["current_version"] == 2 == problem["incident"]["version"]
    assert problem["incident"]["centre"]["acknowledged_by"] == winner
    assert lost.headers["content-type"] == "application/problem+json"


async def test_same_click_twice_does_no_harm(site: Any) -> None:
    incident_id = await site.alarm()
    client = await site.person(Role.DISPATCHER, "MID1", "林")
    url = f"/api/v1/incidents/{incident_id}/acknowledge"
    first, second = [await client.post(url, json={"version": 1}) for _ in range(2)]
    assert first.status_code == second.status_code == 200 and first.json() == second.json()


async def test_two_courts_accept_and_one_wins(site: Any) -> None:
    incident_id = await offered(site)
    admin = await site.person(Role.ADMIN, None)
    await admin.post(f"/api/v1/incidents/{incident_id}/offer", json={"court_id": "B2"})
    one, two = await site.person(Role.COURT, "B1"), await site.person(Role.COURT, "B2")
    url = f"/api/v1/incidents/{incident_id}/accept"
    answers = await asyncio.gather(one.post(url, json={}), two.post(url, json={}))
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 409)
    assert lost.json()["type"] == "urn:tipstaff:problem:refused"
    assert lost.json()["incident"]["owner_court_id"] == won.json()["owner_court_id"]


async def test_life_of_an_incident(site: Any) -> None:
    incident_id = await offered(site)
    dispatcher, court = (
        await site.person(Role.DISPATCHER, "MID1", "林"),
        await site.person(Role.COURT, "B1", "周"),
    )
    url = f"/api/v1/incidents/{incident_id}"
    for client, action, body, state in (
        (dispatcher, "acknowledge", {}, "OFFERED"),
        (dispatcher, "note", {"note": "听到争吵\n第二行"}, "OFFERED"),
        (dispatcher, "callback", {"answered": False}, "OFFERED"),
        (court, "accept", {"eta_s": 300}, "ACCEPTED"),
        (court, "en_route", {"eta_s": 240}, "EN_ROUTE"),
        (dispatcher, "arrived", {"by_name": "周"}, "ON_SCENE"),
        (dispatcher, "close", {"reason": "已到场处理"}, "CLOSED"),
    ):
        answer = await client.post(f"{url}/{action}", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == state
    closed = answer.json()
    assert closed["closed"] == {"by": "林", "reason": "已到场处理", "at_ms": site.clock.now_ms()}
    assert [entry["event"] for entry in closed["timeline"]][-1] == "close"
    assert (await dispatcher.get("/api/v1/incidents")).json()["items"] == []
    found = (await dispatcher.get("/api/v1/incidents?state=closed")).json()["items"]
    assert [incident["incident_id"] for incident in found] == [incident_id]
    late = await site.person(Role.DISPATCHER, "MID1", "陈")
    answer = await late.post(f"{url}/acknowledge", json={})
    assert answer.status_code == 409 and "已到场处理" in answer.json()["detail"]


async def test_dispatcher_records_what_a_court_said_on_the_telephone(site: Any) -> None:
    incident_id = await offered(site)
    client = await site.person(Role.DISPATCHER, "MID1", "林")
    body = {"court_id": "B1", "by_name": "王法警", "eta_s": 60}
    answer = await client.post(f"/api/v1/incidents/{incident_id}/accept", json=body)
    assert answer.json()["owner_by"] == "王法警" and answer.json()["eta_s"] == 60


async def test_merge_into_another_incident(site: Any) -> None:
    one, two = await site.alarm("U1"), await site.alarm("U2")
    client = await site.person(Role.DISPATCHER, "MID1")
    answer = await client.post(f"/api/v1/incidents/{one}/merge", json={"into": "I-20200101-0001"})
    assert answer.status_code == 404
    answer = await client.post(f"/api/v1/incidents/{one}/merge", json={"into": two})
    assert answer.status_code == 200 and answer.json()["merged_into"] == two


async def test_what_an_action_needs_is_asked_for(site: Any) -> None:
    incident_id = await site.alarm()
    client = await site.person(Role.DISPATCHER, "MID1")
    for action, body, field in (
        ("close", {}, "reason"), ("close", {"reason": "  "}, "reason"), ("note", {}, "note"), ("merge", {}, "into"),
        ("offer", {}, "court_id"), ("offer", {"court_id": "NOPE"}, "court_id"), ("accept", {}, "court_id"),
    ):  # fmt: skip
        answer = await client.post(f"/api/v1/incidents/{incident_id}/{action}", json=body)
        assert answer.status_code == 422 and answer.json()["errors"][0]["where"] == f"body.{field}"
    assert (await client.post(f"/api/v1/incidents/{incident_id}/acknowledge")).status_code == 200


async def test_lists_come_in_pages(site: Any) -> None:
    opened = []
    for unit_id in ("U1", "U2", "U3"):
        opened.append(await site.alarm(unit_id))
        site.clock.advance(1000)
    admin = await site.person(Role.ADMIN, None)

    async def walk(url: str, key: str) -> list[str]:
        found, cursor = [], ""
        while cursor is not None:
            page = (await admin.get(f"{url}limit=2{f'&cursor={cursor}' if cursor else ''}")).json()
            assert len(page["items"]) <= 2
            found += [item[key] for item in page["items"]]
            cursor = page["next"]
        return found

    assert await walk("/api/v1/incidents?", "incident_id") == opened[::-1]
    assert await walk("/api/v1/units?", "unit_id") == ["U1", "U2", "U3"]
    assert await walk("/api/v1/units?court_id=B2&", "unit_id") == ["U2"]
    assert await walk("/api/v1/courts?", "court_id") == ["B1", "B2", "B3", "HIGH", "MID1", "MID2"]
    for incident_id in opened:
        answer = await admin.post(f"/api/v1/incidents/{incident_id}/close", json={"reason": "演习"})
        assert answer.status_code == 200
    assert await walk("/api/v1/incidents?state=closed&", "incident_id") == opened[::-1]


async def test_closed_incidents_of_other_courts_are_passed_over(site: Any) -> None:
    admin, court = await site.person(Role.ADMIN, None), await site.person(Role.COURT, "B3")
    own = await site.alarm("U3")
    for unit_id in ("U1", "U1", "U1"):
        incident_id = await site.alarm(unit_id)
        await admin.post(f"/api/v1/incidents/{incident_id}/close", json={"reason": "误报"})
        site.clock.advance(1)
    await admin.post(f"/api/v1/incidents/{own}/close", json={"reason": "误报"})
    page = (await court.get("/api/v1/incidents?state=closed&limit=2")).json()
    assert [item["incident_id"] for item in page["items"]] == [own]


async def test_looks_and_changes_are_in_the_audit(site: Any) -> None:
    incident_id = await site.alarm()
    client = await site.person(Role.DISPATCHER, "MID1", "林")
    assert (await client.get(f"/api/v1/incidents/{incident_id}")).status_code == 200
    await client.post(f"/api/v1/incidents/{incident_id}/acknowledge", json={})
    await client.put("/api/v1/courts/B2/duty", json={"on_duty": False})
    async with site.parts.store.read() as connection:
        entries = [(one.login, one.subject) for one in await audit.entries(connection)]
        assert await audit.first_broken(connection) is None
    assert entries == [("林", incident_id), ("林", incident_id), ("林", "B2")]


async def test_names_are_data_whatever_they_hold(site: Any) -> None:
    wild = "<script>alert(1)</script>\u202e\u200f'\"`&{{7*7}}" + "漢" * 60
    case_no, by = wild[:64], wild[:64]
    incident_id = await site.alarm(case_no=case_no)
    client = await site.person(Role.DISPATCHER, "MID1", wild)
    watcher = await site.watch(client)
    assert (await watcher.read())["incidents"][0]["case_no"] == case_no
    long_note = "‮" + "n" * 1999
    await client.post(f"/api/v1/incidents/{incident_id}/note", json={"note": long_note})
    assert (await watcher.until("incident"))["incident"]["timeline"][-1]["facts"]["note"] == long_note
    await client.post(f"/api/v1/incidents/{incident_id}/offer", json={"court_id": "B1"})
    answer = await client.post(
        f"/api/v1/incidents/{incident_id}/accept", json={"court_id": "B1", "by_name": by, "version": 3}
    )
    assert answer.json()["owner_by"] == by and answer.headers["content-type"] == "application/json"


async def test_live_and_http_have_one_shape(site: Any) -> None:
    """The live picture is not validated when it is sent, so it is here."""
    incident_id = await offered(site)
    site.heard("U1", battery_pct=80, counters={0: 3, 99: 1})
    client = await site.person(Role.ADMIN, None)
    snapshot = await (await site.watch(client)).read()
    (incident,) = snapshot["incidents"]
    assert incident["incident_id"] == incident_id
    for model, one in ((Incident, incident), (Unit, snapshot["units"][0]), (Court, snapshot["courts"][0])):
        assert model.model_validate(one, strict=True).model_dump() == one
    assert (await client.get("/api/v1/incidents")).json()["items"] == [incident]
    assert (await client.get("/api/v1/units/U1")).json() == snapshot["units"][0]
    assert snapshot["units"][0]["counters"] == {"reconnects": 3, "counter_99": 1}


async def test_timeline_says_what_a_step_was_decided_on(site: Any) -> None:
    incident_id = await offered(site)
    client = await site.person(Role.ADMIN, None)
    incident = (await client.get(f"/api/v1/incidents/{incident_id}")).json()
    first = incident["candidates"][0]
    facts = incident["timeline"][-1]["facts"]
    asked = {name: first[name] for name in ("court_id", "name", "distance_m", "eta_s", "on_duty", "why")}
    assert facts["offered"] == [asked | {"by": incident["timeline"][-1]["by"]}]
    assert first["court_id"] == "B1" and first["distance_m"] > 0
    assert facts["state"] == {"from": "NEW", "to": "OFFERED"}


async def test_newer_position_is_shown_with_the_ranking_it_would_give(site: Any) -> None:
    incident_id = await offered(site)
    client = await site.person(Role.ADMIN, None)
    url = f"/api/v1/incidents/{incident_id}"
    assert (await client.get(url)).json()["hint"] is None
    site.clock.advance(DispatchSettings().move_s * 1000)
    site.heard("U1")
    unit = site.centre.units()["U1"]
    site.centre.unit_heard(replace(unit, fix=replace(unit.fix, lat_e7=unit.fix.lat_e7 + 100_000)))
    await site.centre.moved("U1")
    incident = (await client.get(url)).json()
    assert Incident.model_validate(incident, strict=True).model_dump() == incident
    hint = incident["hint"]
    assert (hint["fix"]["lat"], hint["unit_id"], hint["followed"]) == (26.061, "U1", False)
    assert hint["candidates"][0]["distance_m"] != incident["candidates"][0]["distance_m"]
    assert incident["timeline"][-1]["facts"]["nearest"]["distance_m"] == hint["candidates"][0]["distance_m"]


async def test_name_of_two_lines_is_refused(site: Any) -> None:
    """It is told to the officer's unit and written into the log, one line each."""
    incident_id = await offered(site)
    dispatcher = await site.person(Role.DISPATCHER, None)
    body = {"court_id": "B1", "by_name": "Lin\nChen"}
    answer = await dispatcher.post(f"/api/v1/incidents/{incident_id}/accept", json=body)
    assert answer.status_code == 422
    forged = {"login": "lin\n2026-11-24T00:00:00Z [info] alarm_stored", "password": "x"}
    assert (await dispatcher.post("/api/v1/session", json=forged)).status_code == 422
