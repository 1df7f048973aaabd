"""An incident goes from one dispatcher to another, over HTTP."""

import asyncio
from typing import Any

import pytest

from gateway.api.schemas import Incident
from gateway.model import Role
from gateway.store import audit


async def acknowledged(site: Any, client: Any) -> str:
    incident_id = await site.alarm()
    answer = await client.post(f"/api/v1/incidents/{incident_id}/acknowledge", json={})
    assert answer.status_code == 200
    return f"/api/v1/incidents/{incident_id}"


async def test_proposal_then_take_over(site: Any) -> None:
    lin, chen = (
        await site.person(Role.DISPATCHER, "MID1", "林"),
        await site.person(Role.DISPATCHER, "HIGH", "陈"),
    )
    url = await acknowledged(site, lin)
    watcher = await site.watch(chen)
    await watcher.read()
    answer = await lin.post(f"{url}/hand_over", json={"to": "陈", "note": "交班"})
    assert answer.status_code == 200
    Incident.model_validate(answer.json(), strict=True)
    shown = (await watcher.until("incident"))["incident"]["centre"]
    assert shown == answer.json()["centre"]
    now_ms = site.clock.now_ms()
    assert shown["handover"] == {
        "to_login": "陈",
        "to_name": "陈",
        "by": "林",
        "at_ms": now_ms,
        "note": "交班",
    }
    assert (shown["handler"], shown["handler_login"], shown["handler_ms"]) == ("林", "林", now_ms)
    site.clock.advance(1000)
    taken = (await chen.post(f"{url}/take_over", json={})).json()
    assert taken["centre"] == {
        "acknowledged_by": "林",
        "acknowledged_ms": now_ms,
        "handler": "陈",
        "handler_login": "陈",
        "handler_ms": now_ms + 1000,
        "handover": None,
    }
    last = taken["timeline"][-1]
    assert (last["event"], last["by"], last["facts"]["handler"]) == (
        "take_over",
        "陈",
        {"from": "林", "to": "陈"},
    )
    async with site.parts.store.read() as connection:
        entries = await audit.entries(connection)
    assert [(one.login, one.facts["event"]) for one in entries][-2:] == [
        ("林", "hand_over"),
        ("陈", "take_over"),
    ]


@pytest.mark.parametrize("body", [{}, {"version": 2}])
async def test_two_take_it_in_the_same_instant_and_one_is_told(site: Any, body: dict[str, int]) -> None:
    lin = await site.person(Role.DISPATCHER, "MID1", "林")
    url = await acknowledged(site, lin)
    chen, xu = (
        await site.person(Role.DISPATCHER, "MID1", "陈"),
        await site.person(Role.DISPATCHER, "MID1", "徐"),
    )
    answers = await asyncio.gather(*(one.post(f"{url}/take_over", json=body) for one in (chen, xu)))
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert won.status_code == 200
    handler = won.json()["centre"]["handler"]
    final = (await lin.get(url)).json()["centre"]["handler"]
    if lost.status_code == 409:
        problem = lost.json()
        assert problem["type"] == "urn:tipstaff:problem:conflict" and handler in problem["detail"]
        assert final == handler == problem["incident"]["centre"]["handler"]
    else:  # the second was asked after the first was done: it took it from the first, knowing that
        assert not body and lost.json()["timeline"][-1]["facts"]["handler"]["from"] in ("陈", "徐")


async def test_hand_over_to_somebody_who_may_not_see_or_command_it_is_refused(site: Any) -> None:
    lin = await site.person(Role.DISPATCHER, "MID1", "林")
    url = await acknowledged(site, lin)
    await site.person(Role.DISPATCHER, "MID2", "外院")
    await site.person(Role.COURT, "B1", "值班")
    await site.person(Role.VIEWER, None, "看客")
    for to in ("外院", "值班", "看客", "无此人", ""):
        answer = await lin.post(f"{url}/hand_over", json={"to": to})
        assert answer.status_code == 422 and answer.json()["errors"][0]["where"] == "body.to", to
    assert (await lin.post(f"{url}/hand_over", json={})).status_code == 422
    assert (await lin.get(url)).json()["centre"]["handover"] is None


async def test_duty_officer_and_viewer_take_nothing_over(site: Any) -> None:
    url = await acknowledged(site, await site.person(Role.DISPATCHER, "MID1"))
    for role, court_id in ((Role.COURT, "B1"), (Role.VIEWER, None)):
        client = await site.person(role, court_id)
        for action, body in (("take_over", {}), ("hand_over", {"to": "x"})):
            assert (await client.post(f"{url}/{action}", json=body)).status_code == 403
    other = await site.person(Role.DISPATCHER, "MID2")
    assert (await other.post(f"{url}/take_over", json={})).status_code == 404


async def test_unacknowledged_incident_is_refused_with_words(site: Any) -> None:
    incident_id = await site.alarm()
    client = await site.person(Role.DISPATCHER, "MID1")
    answer = await client.post(f"/api/v1/incidents/{incident_id}/take_over", json={})
    assert answer.status_code == 409 and "acknowledge it first" in answer.json()["detail"]
