"""Live pictures and sound over a real WebSocket: who may see them, until when, and what the audit says of it."""

import asyncio
import json
import shutil
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import websockets

sys.path.insert(0, str(Path(__file__).parent))

from unit_film import SOUND, SOUNDS, Film, Seer, entries_of, jpeg, orders

from gateway.model import Role
from gateway.store import audit
from protocol.live import live_of
from protocol.messages import LIVE_STILLS


@pytest.mark.parametrize(
    ("role", "court_id", "unit_id", "status"),
    [
        (Role.VIEWER, "B1", "U1", 101),
        (Role.COURT, "MID1", "U2", 101),
        (Role.ADMIN, None, "U3", 101),
        (Role.DISPATCHER, "B2", "U1", 404),
        (Role.COURT, "MID2", "U1", 404),
        (Role.ADMIN, None, "U9", 404),
        (Role.ADMIN, None, "nobody", 404),
    ],
)
async def test_who_sees_a_unit_may_watch_it_and_nobody_else(
    site: Any, role: Role, court_id: str | None, unit_id: str, status: int
) -> None:
    for one in ("U1", "U2", "U3"):
        site.heard(one)
    person = await site.person(role, court_id)
    if status == 101:
        await Seer.of(site, person, unit_id)
        return
    with pytest.raises(websockets.InvalidStatus) as refused:
        await Seer.of(site, person, unit_id)
    assert refused.value.response.status_code == status
    assert not orders(site)
    assert (await person.get(f"/api/v1/units/{unit_id}/picture.jpg")).status_code == status


async def test_nobody_watches_without_a_session_or_from_another_site(site: Any) -> None:
    site.heard("U1")
    with pytest.raises(websockets.InvalidStatus) as refused:
        await Seer.of(site, await site.visitor())
    assert refused.value.response.status_code == 401
    with pytest.raises(websockets.InvalidStatus) as refused:
        await Seer.of(site, await site.person(Role.ADMIN, None), origin="https://elsewhere.example")
    assert refused.value.response.status_code == 403


async def test_view_ends_with_its_session_and_with_the_right_to_it(site: Any) -> None:
    site.heard("U1")
    person = await site.person(Role.VIEWER, "B1")
    seer = await Seer.of(site, person)
    assert (await person.delete("/api/v1/session")).status_code == 204
    assert await seer.closed() == 4401
    guest_id = await site.alarm()
    view = next(one for one in site.centre.live_incidents() if one.incident.incident_id == guest_id)
    admin = await site.person(Role.ADMIN, None)
    done = await admin.post(f"/api/v1/incidents/{guest_id}/offer", json={"court_id": "B3"})
    assert done.status_code == 200, view
    guest = await Seer.of(site, await site.person(Role.COURT, "B3"))
    done = await admin.post(f"/api/v1/incidents/{guest_id}/close", json={"reason": "done"})
    assert done.status_code == 200
    for _ in range(24):
        site.clock.advance(250)
        await admin.get("/api/v1/session")
    assert await guest.closed() == 1012


async def test_too_many_viewers_are_told_so(tmp_path: Path, empty_database: Path, open_site: Any) -> None:
    shutil.copy(empty_database, tmp_path / "web.db")
    async with AsyncExitStack() as stack:
        site = await open_site(stack, tmp_path, live={"viewers_per_unit": 1, "viewers": 2})
        for one in ("U1", "U2", "U3"):
            site.heard(one)
        person = await site.person(Role.ADMIN, None)
        first = await Seer.of(site, person)
        with pytest.raises(websockets.InvalidStatus) as refused:
            await Seer.of(site, person)
        body = json.loads(refused.value.response.body)
        assert body["status"] == 503 and "live.viewers_per_unit" in body["detail"]
        await Seer.of(site, person, "U2")
        with pytest.raises(websockets.InvalidStatus) as refused:
            await Seer.of(site, person, "U3")
        assert "live.viewers)" in json.loads(refused.value.response.body)["detail"]
        await first.connection.close()
        await entries_of(site, "live.watched", 1)
        await Seer.of(site, person)


async def test_begin_and_end_of_a_view_are_in_the_audit(site: Any) -> None:
    site.heard("U1")
    seer = await Seer.of(site, await site.person(Role.VIEWER, "B1", "lin"))
    (begun,) = await entries_of(site, "live.watch", 1)
    assert (begun.login, begun.subject, begun.facts["how"]) == ("lin", "U1", "console")
    film = Film(site)
    film.begin()
    film.picture(jpeg(1))
    film.hear()
    await seer.until("block", track=SOUNDS)
    site.clock.advance(5_000)
    await seer.connection.send("bye")
    assert await seer.closed() == 4001
    (ended,) = await entries_of(site, "live.watched", 1)
    facts = ended.facts
    assert (ended.login, ended.subject, facts["why"], facts["view"]) == (
        "lin", "U1", "malformed", begun.facts["view"]
    )  # fmt: skip
    assert (facts["pictures"], facts["sounds"], facts["bytes"]) == (1, 1, len(jpeg(1)) + len(SOUND))
    assert facts["to_ms"] - facts["from_ms"] == 5_000
    async with site.parts.store.read() as connection:
        assert await audit.first_broken(connection) is None


async def test_picture_is_the_newest_with_its_age_and_none_is_a_problem(site: Any) -> None:
    site.heard("U1", clock_offset_ms=0)
    person = await site.person(Role.VIEWER, "B1", "lin")
    assert (await person.get("/api/v1/units/U1/picture.jpg?max_age_s=0")).status_code == 422
    film = Film(site)
    film.begin()
    site.clock.advance(1_000)
    film.picture(jpeg(1), late_ms=300)
    for _ in range(2):
        answer = await person.get("/api/v1/units/U1/picture.jpg")
        assert answer.status_code == 200 and answer.content == jpeg(1)
    assert answer.headers["x-tipstaff-age-ms"] == "300" and answer.headers["cache-control"] == "no-store"
    assert [live_of(value) for value in orders(site)] == [(LIVE_STILLS, 0)]
    (entry,) = await entries_of(site, "live.picture", 1)
    assert (entry.login, entry.subject) == ("lin", "U1")
    site.clock.advance(2_000)
    asking = asyncio.ensure_future(person.get("/api/v1/units/U1/picture.jpg?max_age_s=1"))
    await (await site.visitor()).get("/api/v1/health")
    film.picture(bytes(50))
    film.picture(jpeg(2))
    assert (await asking).content == jpeg(2)
    site.heard("U2", **{})
    site.centre.unit_heard(replace(site.centre.units()["U2"], online=False))
    answer = await (await site.person(Role.ADMIN, None)).get("/api/v1/units/U2/picture.jpg")
    assert answer.status_code == 409 and "offline" in answer.json()["detail"]


async def test_picture_is_shown_to_a_stream_key_with_the_rights_of_its_person(site: Any) -> None:
    for one in ("U1", "U3"):
        site.heard(one, clock_offset_ms=0)
    person = await site.person(Role.VIEWER, "MID1", "wall")
    made = (await person.post("/api/v1/stream-keys", json={"note": "x", "days": 1})).json()
    film = Film(site)
    film.begin()
    film.picture(jpeg(1))
    system = await site.visitor()
    path = "/api/v1/units/{}/picture.jpg"
    asked = await system.get(path.format("U1"))
    assert asked.status_code == 401 and asked.headers["www-authenticate"] == 'Basic realm="tipstaff"'
    answer = await system.get(path.format("U1"), auth=("wall", made["key"]))
    assert answer.status_code == 200 and answer.content == jpeg(1)
    assert (await system.get(path.format("U3"), auth=("wall", made["key"]))).status_code == 404
    for auth in (("wall", "tsk_guessed"), ("other", made["key"]), ("wall", "no key of ours")):
        assert (await system.get(path.format("U1"), auth=auth)).status_code == 401
    (entry,) = await entries_of(site, "live.picture", 1)
    assert (entry.login, entry.subject) == ("wall", "U1")
    assert entry.facts["how"] == f"picture 127.0.0.1 key {made['key_id']}"
    assert (await person.delete(f"/api/v1/stream-keys/{made['key_id']}")).status_code == 204
    assert (await system.get(path.format("U1"), auth=("wall", made["key"]))).status_code == 401
