"""The check at the start of a shift, the notes between shifts, and who else is there."""

import hashlib
from typing import Any

import pytest
from sqlalchemy import select

from gateway.api.scope import related
from gateway.model import Court, Level, Role, ShiftCheck, User
from gateway.store import audit, shift, tables

FINE = {"sound": True, "light": True, "device": None, "note_seen": None}


async def left(client: Any, text: str) -> int:
    answer = await client.post("/api/v1/shift/notes", json={"text": text})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["note_id"])


async def notes(client: Any) -> list[str]:
    answer = await client.get("/api/v1/shift")
    assert answer.status_code == 200, answer.text
    return [note["text"] for note in answer.json()["notes"]]


async def test_shift_begins_with_nothing_and_keeps_the_last_check(site: Any) -> None:
    lin = await site.person(Role.DISPATCHER, "MID1", "林")
    assert (await lin.get("/api/v1/shift")).json() == {"last_check": None, "notes": [], "open_incidents": 0}
    await site.alarm("U1"), await site.alarm("U3")
    for device in (None, "值班台音箱 (USB)"):
        site.clock.advance(1000)
        answer = await lin.post("/api/v1/shift/check", json=FINE | {"light": False, "device": device})
        assert answer.status_code == 200, answer.text
    said = (await lin.get("/api/v1/shift")).json()
    at_ms = site.clock.now_ms()
    assert said["last_check"] == {
        "at_ms": at_ms, "sound": True, "light": False, "device": "值班台音箱 (USB)", "note_seen": None
    }  # fmt: skip
    assert said["open_incidents"] == 1 and answer.json() == said
    chen = await site.person(Role.DISPATCHER, "MID1", "陈")
    assert (await chen.get("/api/v1/shift")).json()["last_check"] is None


async def test_note_is_read_by_name_and_both_are_in_the_audit(site: Any) -> None:
    lin = await site.person(Role.DISPATCHER, "MID1", "林")
    chen = await site.person(Role.COURT, "B1", "陈")
    text = '交班：U1 电量低\n<b>"夜里注意"\u202e'
    first, second = await left(lin, text), await left(lin, "第二条")
    (before, _), seen = (await chen.get("/api/v1/shift")).json()["notes"], FINE | {"note_seen": first}
    assert (before["note_id"], before["seen_by"], before["seen"]) == (second, [], False)
    for _ in range(2):
        newest, oldest = (await chen.post("/api/v1/shift/check", json=seen)).json()["notes"]
        assert (oldest["text"], oldest["seen_by"], oldest["seen"]) == (text, ["陈"], True)
        assert newest["seen_by"] == [] and newest["seen"] is False
    await lin.post("/api/v1/shift/check", json=FINE | {"note_seen": second})
    newest, oldest = (await lin.get("/api/v1/shift")).json()["notes"]
    assert newest["seen_by"] == [] and newest["seen"] is True and oldest["seen_by"] == ["陈"]
    async with site.parts.store.read() as connection:
        entries = [one for one in await audit.entries(connection) if one.action.startswith("shift.")]
        assert await audit.first_broken(connection) is None
    assert [(one.login, one.action) for one in entries[:3]] == [
        ("林", "shift.note"), ("林", "shift.note"), ("陈", "shift.check")
    ]  # fmt: skip
    assert entries[0].facts == {"sha256": hashlib.sha256(text.encode()).hexdigest()}
    assert entries[2].facts == seen


async def test_notes_are_those_of_ones_own_line_of_courts(site: Any) -> None:
    people = {
        court: await site.person(Role.DISPATCHER, court) for court in (None, "HIGH", "MID1", "B1", "B3")
    }
    for court, client in people.items():
        await left(client, str(court))
    for court, found in (
        (None, ["B3", "B1", "MID1", "HIGH", "None"]),
        ("HIGH", ["B3", "B1", "MID1", "HIGH", "None"]),
        ("MID1", ["B1", "MID1", "HIGH", "None"]),
        ("B1", ["B1", "MID1", "HIGH", "None"]),
        ("B3", ["B3", "HIGH", "None"]),
    ):
        assert await notes(people[court]) == found
    hidden = (await people["HIGH"].get("/api/v1/shift")).json()["notes"][0]["note_id"]
    answer = await people["B1"].post("/api/v1/shift/check", json=FINE | {"note_seen": hidden})
    assert answer.status_code == 422 and answer.json()["errors"][0]["where"] == "body.note_seen"


async def test_viewer_looks_and_has_no_shift(site: Any) -> None:
    await left(await site.person(Role.DISPATCHER, "MID1"), "看")
    viewer = await site.person(Role.VIEWER, "B1")
    assert await notes(viewer) == ["看"]
    assert (await viewer.post("/api/v1/shift/check", json=FINE)).status_code == 403
    assert (await viewer.post("/api/v1/shift/notes", json={"text": "x"})).status_code == 403
    assert (await viewer.get("/api/v1/people")).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("notes", {"text": ""}),
        ("notes", {"text": " \n\t"}),
        ("notes", {"text": "a" * 4001}),
        ("notes", {"text": "a\0b"}),
        ("notes", {}),
        ("notes", {"text": "a", "court_id": "B3"}),
        ("check", {"sound": True}),
        ("check", FINE | {"sound": "yes"}),
        ("check", FINE | {"device": "a" * 201}),
        ("check", FINE | {"device": "a\nb"}),
        ("check", FINE | {"note_seen": 0}),
        ("check", FINE | {"note_seen": 2**60}),
        ("check", FINE | {"note_seen": 7}),
    ],
)
async def test_what_says_nothing_is_refused(site: Any, path: str, body: dict[str, Any]) -> None:
    client = await site.person(Role.DISPATCHER, None)
    assert (await client.post(f"/api/v1/shift/{path}", json=body)).status_code == 422
    said = (await client.get("/api/v1/shift")).json()
    assert (said["last_check"], said["notes"]) == (None, [])


async def test_only_the_newest_are_shown_and_kept(site: Any) -> None:
    client = await site.person(Role.DISPATCHER, "B1")
    user, check = User("x", "x", Role.DISPATCHER, "B1"), ShiftCheck(0, True, True, None, None)
    store = site.parts.store
    for number in range(25):
        text = str(number)
        note = await store.write(lambda c, text=text: shift.add_note(c, 0, user, "x", text, kept=22))
        await store.write(lambda c, note=note: shift.mark_seen(c, [note.note_id], "y", "y", 0))
        await store.write(lambda c: shift.add_check(c, "x", check, kept=22))
    assert await notes(client) == [str(number) for number in range(24, 4, -1)]
    async with store.read() as connection:
        assert len(await shift.newest_notes(connection, lambda court_id: True, 100)) == 22
        for table in (tables.shift_checks, tables.shift_notes, tables.shift_seen):
            assert len((await connection.execute(select(table))).all()) == 22


async def test_longest_note_of_any_characters_fits_a_request(site: Any) -> None:
    client = await site.person(Role.DISPATCHER, None)
    text = "𠮷" * 4000
    await left(client, text)
    assert await notes(client) == [text]


async def test_people_are_those_to_whom_one_can_hand_over(site: Any) -> None:
    asker = await site.person(Role.DISPATCHER, "MID1", "asker")
    high = await site.person(Role.ADMIN, "HIGH", "high")
    for role, court, name in (
        (Role.DISPATCHER, None, "all"), (Role.DISPATCHER, "B1", "below"), (Role.DISPATCHER, "B3", "other"),
        (Role.COURT, "B1", "duty"), (Role.VIEWER, "MID1", "viewer"),
    ):  # fmt: skip
        await site.person(role, court, name)
    watcher = await site.watch(high)
    await watcher.read()
    people = (await asker.get("/api/v1/people")).json()["items"]
    assert [(one["login"], one["live"]) for one in people] == [
        ("high", True),
        ("all", False),
        ("below", False),
    ]
    assert people[0] == {"login": "high", "name": "high", "role": "admin", "court_id": "HIGH", "live": True}
    incident_id = await site.alarm("U2")
    found = (await asker.get(f"/api/v1/people?incident={incident_id}")).json()["items"]
    assert [one["login"] for one in found] == ["high", "all"]
    assert (await asker.post(f"/api/v1/incidents/{incident_id}/acknowledge")).status_code == 200
    for one in found:
        body = {"to": one["login"]}
        answer = await asker.post(f"/api/v1/incidents/{incident_id}/hand_over", json=body)
        assert answer.status_code == 200, answer.text
    assert (await asker.get("/api/v1/people?incident=I-20200101-0001")).status_code == 404
    stranger = await site.person(Role.DISPATCHER, "B3")
    assert (await stranger.get(f"/api/v1/people?incident={incident_id}")).status_code == 404


def test_courts_in_a_circle_are_related_and_do_no_harm() -> None:
    loop = {"A": Court("A", "a", Level.BASIC, "B", 0, 0), "B": Court("B", "b", Level.BASIC, "A", 0, 0)}
    assert related("A", "B", loop) and not related("A", "C", loop) and related("C", "C", {})
