"""Who may watch by RTSP, and stream keys, at a real gateway; no RTSP is needed for that."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from gateway import accounts
from gateway.api.rtsp_gate import BELIEVED_S, RtspGate
from gateway.model import Role
from gateway.relay.rtsp_door import Door, NotAdmitted
from gateway.store import audit

PASSWORD = "a long password"
DAY_MS = 86_400_000


def basic(login: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{secret}".encode()).decode()


async def keeper(site: Any, *, passwords: bool = True, court_id: str | None = "MID1") -> RtspGate:
    await accounts.add_user(
        site.parts.store, "wall", "视频墙", Role.VIEWER, court_id, PASSWORD, site.clock.now_ms()
    )
    return RtspGate(site.gate, site.clock, site.parts.store, site.centre, passwords=passwords)


async def key_of_wall(site: Any, **body: Any) -> dict[str, Any]:
    browser = await site.visitor()
    signed = await browser.post("/api/v1/session", json={"login": "wall", "password": PASSWORD})
    browser.headers["X-CSRF-Token"] = signed.json()["csrf"]
    made = await browser.post("/api/v1/stream-keys", json={"note": "大厅", "days": 2, **body})
    assert made.status_code == 201, made.text
    return dict(made.json())


async def test_unit_that_is_offline_is_refused_at_once(site: Any) -> None:
    site.heard("U1")
    site.centre.unit_heard(replace(site.centre.units()["U1"], online=False))
    with TemporaryDirectory(prefix="tip-") as short:  # a socket's path may have 107 bytes only
        folder = Path(short)
        parts = site.parts
        door = Door(folder, 4, parts.relay, await keeper(site), site.clock, parts.metrics, 10)
        async with door.listening(), asyncio.timeout(30):
            reader, writer = await asyncio.open_unix_connection(str(folder / "rtsp.sock"))
            asked = {"t": "watch", "unit": "U1", "authorization": basic("wall", PASSWORD), "address": "::1"}
            writer.write(json.dumps(asked).encode() + b"\n")
            answer = json.loads(await reader.readline())
            writer.close()
    assert answer == {"ok": False, "why": "U1 is offline"}
    async with parts.store.read() as connection:
        assert await audit.of_actions(connection, ["live.watch"], 10) == []


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic", "Basic !!!", "Digest x", "Basic " + base64.b64encode(b"nobody").decode(), basic("", "x")],
)
async def test_what_is_no_login_and_password_is_refused_without_an_attempt(
    site: Any, authorization: str
) -> None:
    door = await keeper(site)
    with pytest.raises(NotAdmitted, match="no login and password"):
        await door.admit(authorization, "10.0.0.1")


async def test_attempts_are_limited_as_at_the_console(site: Any) -> None:
    door = await keeper(site)
    for _ in range(5):
        with pytest.raises(NotAdmitted, match="is wrong"):
            await door.admit(basic("wall", "guess"), "10.0.0.1")
    with pytest.raises(NotAdmitted, match=r"(?i)too many|again"):
        await door.admit(basic("wall", PASSWORD), "10.0.0.1")


async def test_password_is_believed_for_a_moment_and_only_while_it_is_theirs(site: Any) -> None:
    door = await keeper(site)
    guest = await door.admit(basic("wall", PASSWORD), "10.0.0.1")
    assert (guest.who.login, guest.who.how) == ("wall", "rtsp 10.0.0.1")
    assert await door.admit(basic("wall", PASSWORD), "10.0.0.1") is guest
    site.clock.advance(round(BELIEVED_S * 1000))
    assert await door.admit(basic("wall", PASSWORD), "10.0.0.1") is not guest
    await accounts.set_password(site.parts.store, "wall", "another password")
    assert not await door.holds(guest)
    with pytest.raises(NotAdmitted, match="is wrong"):
        await door.admit(basic("wall", PASSWORD), "10.0.0.1")


async def test_courts_are_those_of_the_person(site: Any) -> None:
    door = await keeper(site)
    site.heard("U1")
    site.heard("U3")
    guest = await door.admit(basic("wall", PASSWORD), "10.0.0.1")
    assert [door.sees(guest, unit_id) for unit_id in ("U1", "U3", "U9")] == [True, False, False]


async def test_passwords_are_not_taken_where_others_can_read_them_but_keys_are(site: Any) -> None:
    door = await keeper(site, passwords=False)
    key = await key_of_wall(site)
    with pytest.raises(NotAdmitted, match="stream keys"):
        await door.admit(basic("wall", PASSWORD), "10.0.0.1")
    guest = await door.admit(basic("wall", key["key"]), "10.0.0.1")
    assert guest.who.how == f"rtsp 10.0.0.1 key {key['key_id']}"


async def test_key_is_for_its_unit_its_person_and_its_time(site: Any) -> None:
    door = await keeper(site)
    for unit_id in ("U1", "U2"):
        site.heard(unit_id)
    key = await key_of_wall(site, unit_id="U1")
    guest = await door.admit(basic("wall", key["key"]), "10.0.0.1")
    assert door.sees(guest, "U1") and not door.sees(guest, "U2")
    with pytest.raises(NotAdmitted):
        await door.admit(basic("other", key["key"]), "10.0.0.1")
    site.clock.advance(2 * DAY_MS)
    assert not await door.holds(guest)
    with pytest.raises(NotAdmitted):
        await door.admit(basic("wall", key["key"]), "10.0.0.2")


async def test_key_is_listed_and_revoked_by_its_person_and_by_an_administrator(site: Any) -> None:
    door = await keeper(site)
    key = await key_of_wall(site)
    guest = await door.admit(basic("wall", key["key"]), "10.0.0.1")
    stranger = await site.person(Role.DISPATCHER, None)
    admin = await site.person(Role.ADMIN, None, "admin")
    path = f"/api/v1/stream-keys/{key['key_id']}"
    assert (await stranger.get("/api/v1/stream-keys")).json()["items"] == []
    assert (await stranger.delete(path)).status_code == 404
    answer = (await admin.get("/api/v1/stream-keys")).json()
    listed = answer["items"]
    assert answer["rtsp"] == {
        "enabled": False,
        "port": 8554,
        "only_here": True,
        "encrypted": False,
    }
    assert [(one["login"], one["note"], one["holds"]) for one in listed] == [("wall", "大厅", True)]
    assert "key" not in listed[0]
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.delete(path)).status_code == 204
    assert not await door.holds(guest)
    async with site.parts.store.read() as connection:
        actions = [
            (one.login, one.action)
            for one in await audit.entries(connection, limit=1000)
            if one.action.startswith("stream_key")
        ]
    assert actions == [("wall", "stream_key.make"), ("admin", "stream_key.revoke")]


@pytest.mark.parametrize(
    "body", [{"note": "", "days": 1}, {"note": "x", "days": 0}, {"note": "x", "days": 367}, {"note": "x"}]
)
async def test_key_without_an_end_or_a_purpose_is_not_made(site: Any, body: dict[str, Any]) -> None:
    person = await site.person(Role.VIEWER, None)
    assert (await person.post("/api/v1/stream-keys", json=body)).status_code == 422
    unseen = await site.person(Role.VIEWER, "MID2")
    site.heard("U1")
    answer = await unseen.post("/api/v1/stream-keys", json={"note": "x", "days": 1, "unit_id": "U1"})
    assert answer.status_code == 404
