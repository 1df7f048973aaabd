"""Signing in and out, how sessions end, and what a foreign site cannot do."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from gateway import accounts
from gateway.model import Role
from gateway.store import audit
from gateway.store.tables import users, web_sessions

GOOD = {"login": "lin", "password": "correct horse battery"}
MINUTE_MS = 60_000


async def with_account(site: Any, login: str = "lin") -> httpx.AsyncClient:
    now_ms = site.clock.now_ms()
    await accounts.add_user(
        site.parts.store, login, "林值班", Role.DISPATCHER, "MID1", GOOD["password"], now_ms
    )
    return await site.visitor()


async def audited(site: Any) -> list[tuple[str, str, str]]:
    async with site.parts.store.read() as connection:
        assert await audit.first_broken(connection) is None
        return [(entry.login, entry.action, entry.subject) for entry in await audit.entries(connection)]


async def test_sign_in_look_and_sign_out(site: Any) -> None:
    client = await with_account(site)
    answer = await client.post("/api/v1/session", json=GOOD)
    assert answer.status_code == 200
    session = answer.json()
    assert session["user"] == {"login": "lin", "name": "林值班", "role": "dispatcher", "court_id": "MID1"}
    assert session["expires_ms"] == site.clock.now_ms() + 12 * 60 * MINUTE_MS
    cookie = answer.headers["set-cookie"].lower()
    assert (
        "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie and "secure" not in cookie
    )
    assert (await client.get("/api/v1/session")).json() == session
    answer = await client.delete("/api/v1/session", headers={"X-CSRF-Token": session["csrf"]})
    assert answer.status_code == 204 and answer.content == b""
    assert (await client.get("/api/v1/session")).status_code == 401
    assert await audited(site) == [("lin", "session.open", "lin"), ("lin", "session.close", "lin")]


async def test_token_is_not_in_the_database(site: Any) -> None:
    client = await with_account(site)
    await client.post("/api/v1/session", json=GOOD)
    async with site.parts.store.read() as connection:
        (row,) = (await connection.execute(select(web_sessions))).all()
    token = client.cookies["tipstaff_session"]
    assert len(token) >= 43 and token.encode() not in row.token_sha256 and len(row.token_sha256) == 32


@pytest.mark.parametrize("body", [{**GOOD, "password": "wrong"}, {**GOOD, "login": "nobody"}])
async def test_wrong_password_and_unknown_login_look_the_same(site: Any, body: dict[str, str]) -> None:
    client = await with_account(site)
    answer = await client.post("/api/v1/session", json=body)
    assert answer.status_code == 401 and "set-cookie" not in answer.headers
    assert answer.json()["detail"] == "Login or password is wrong."
    assert await audited(site) == [(body["login"], "session.failed", body["login"])]


async def test_sixth_failure_in_a_minute_waits(site: Any) -> None:
    client = await with_account(site)
    for _ in range(5):
        assert (await client.post("/api/v1/session", json={**GOOD, "password": "x"})).status_code == 401
        site.clock.advance(1000)
    answer = await client.post("/api/v1/session", json=GOOD)
    assert answer.status_code == 429 and answer.headers["retry-after"] == "55"
    assert answer.json()["type"] == "urn:tipstaff:problem:too-many-attempts"
    site.clock.advance(55_000)
    assert (await client.post("/api/v1/session", json=GOOD)).status_code == 200


async def test_failures_at_the_same_instant_count_before_they_are_judged(site: Any) -> None:
    client = await with_account(site)
    bad = {**GOOD, "password": "x"}
    answers = await asyncio.gather(*(client.post("/api/v1/session", json=bad) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 3


async def test_success_is_not_a_failure(site: Any) -> None:
    client = await with_account(site)
    for _ in range(6):
        assert (await client.post("/api/v1/session", json=GOOD)).status_code == 200


async def test_loop_goes_on_while_a_password_is_checked(site: Any) -> None:
    client, nobody = await with_account(site), await site.visitor()
    signing_in = asyncio.gather(*(client.post("/api/v1/session", json=GOOD) for _ in range(4)))
    answered = 0
    while not signing_in.done():
        assert (await nobody.get("/api/v1/health")).status_code == 200
        answered += 1
    assert [answer.status_code for answer in await signing_in] == [200] * 4 and answered >= 2


@pytest.mark.parametrize("later_minutes", [31, 12 * 60 + 1])
async def test_session_ends_by_itself(site: Any, later_minutes: int) -> None:
    client = await site.person(Role.VIEWER, None)
    assert (await client.get("/api/v1/session")).status_code == 200
    site.clock.advance(later_minutes * MINUTE_MS)
    assert (await client.get("/api/v1/session")).status_code == 401
    assert (await client.get("/api/v1/session")).status_code == 401


async def test_used_session_lasts_until_its_absolute_end(site: Any) -> None:
    client = await site.person(Role.VIEWER, None)
    for _ in range(12 * 60 // 29):
        assert (await client.get("/api/v1/session")).status_code == 200
        site.clock.advance(29 * MINUTE_MS)
    site.clock.advance(29 * MINUTE_MS)
    assert (await client.get("/api/v1/session")).status_code == 401


async def test_disabled_user_is_out_at_once(site: Any) -> None:
    client = await site.person(Role.VIEWER, None, "gone")
    change = update(users).where(users.c.login == "gone").values(disabled=True)
    await site.parts.store.write(lambda connection: connection.execute(change))
    assert (await client.get("/api/v1/units")).status_code == 401


async def test_made_up_cookie_is_nobody(site: Any) -> None:
    client = await site.visitor()
    for cookie in ("", "x", "é", "a" * 129, "a" * 4000):
        headers = [(b"cookie", f"tipstaff_session={cookie}".encode())]
        assert (await client.get("/api/v1/session", headers=headers)).status_code == 401


async def test_change_without_the_csrf_token_is_refused(site: Any) -> None:
    client = await site.person(Role.DISPATCHER, "MID1")
    del client.headers["X-CSRF-Token"]
    for token in (None, "", "wrong", "é"):
        headers = [] if token is None else [(b"x-csrf-token", token.encode())]
        answer = await client.put("/api/v1/courts/B1/duty", json={"on_duty": False}, headers=headers)
        assert answer.status_code == 403 and answer.json()["type"] == "urn:tipstaff:problem:csrf"
    assert site.centre.courts()["B1"].on_duty


async def test_foreign_origin_is_refused(site: Any) -> None:
    client, nobody = await site.person(Role.DISPATCHER, "MID1"), await site.visitor()
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1.evil"):
        headers = {"Origin": origin}
        answer = await client.put("/api/v1/courts/B1/duty", json={"on_duty": False}, headers=headers)
        assert answer.status_code == 403 and answer.json()["type"] == "urn:tipstaff:problem:origin"
        assert (await nobody.post("/api/v1/session", json=GOOD, headers=headers)).status_code == 403
        assert (await client.get("/api/v1/session", headers=headers)).status_code == 200
    assert site.centre.courts()["B1"].on_duty


async def test_own_origin_is_taken(site: Any) -> None:
    client = await site.person(Role.DISPATCHER, "MID1")
    headers = {"Origin": site.base_url}
    assert (
        await client.put("/api/v1/courts/B1/duty", json={"on_duty": False}, headers=headers)
    ).status_code == 200


async def test_public_url_makes_the_cookie_secure_and_its_origin_own(open_site: Any, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        site = await open_site(stack, tmp_path, public_url="https://tipstaff.example/")
        client = await with_account(site)
        own, other = {"Origin": "https://tipstaff.example"}, {"Origin": "https://tipstaff.example:8443"}
        answer = await client.post("/api/v1/session", json=GOOD, headers=own)
        assert answer.status_code == 200 and "secure" in answer.headers["set-cookie"].lower()
        assert (await client.post("/api/v1/session", json=GOOD, headers=other)).status_code == 403


async def test_attack_on_a_login_from_everywhere_does_not_lock_its_owner_out(site: Any) -> None:
    owner = await with_account(site)
    assert (await owner.post("/api/v1/session", json=GOOD)).status_code == 200
    for number in range(2, 7):
        async with from_address(site, f"127.0.0.{number}") as client:
            bad = {**GOOD, "password": "x"}
            answers = await asyncio.gather(*(client.post("/api/v1/session", json=bad) for _ in range(5)))
            assert {answer.status_code for answer in answers} == {401 if number < 6 else 429}
    async with from_address(site, "127.0.0.9") as newcomer:
        assert (await newcomer.post("/api/v1/session", json=GOOD)).status_code == 429
    assert (await owner.post("/api/v1/session", json=GOOD)).status_code == 200


def from_address(site: Any, address: str) -> httpx.AsyncClient:
    """A browser on another machine."""
    transport = httpx.AsyncHTTPTransport(local_address=address)
    return httpx.AsyncClient(transport=transport, base_url=site.base_url, timeout=20.0)
