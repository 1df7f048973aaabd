"""Every error is a problem detail, whatever is sent, and none tells of the inside."""

import json
import random
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from gateway.api import kernel_clock
from gateway.model import Role

PROBLEM = "application/problem+json"
FILL = {
    "incident_id": "I-20261124-0001",
    "unit_id": "U1",
    "court_id": "B1",
    "attachment_id": "0" * 32,
    "recording": "a1b2c3d4e5f60718",
    "number": "0",
    "talk": "0" * 16,
    "command_id": "0" * 16,
    "key_id": "0" * 16,
}
NUMBERS = ("limit", "since_ms", "battery_max", "from_ms", "to_ms", "at_ms", "count", "max_age_s")
#: Parameters in which somebody searches for any words.
TEXTS = ("q", "firmware", "unit", "officer", "case", "case_no", "by")
LEAKS = ("Traceback", "sqlalchemy", "sqlite", "site-packages", ".py")


def assert_problem(answer: httpx.Response, *statuses: int) -> None:
    where = f"{answer.request.method} {answer.request.url} {answer.status_code} {answer.text[:300]}"
    assert answer.status_code in statuses, where
    assert answer.headers["content-type"] == PROBLEM, where
    body = answer.json()
    assert body["type"].startswith("urn:tipstaff:problem:") and body["status"] == answer.status_code, where
    assert body["title"] and body["detail"], where
    assert not any(leak in answer.text for leak in LEAKS), where
    assert (
        answer.headers["x-content-type-options"] == "nosniff"
        and answer.headers["cache-control"] == "no-store"
    )


async def routes(site: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path template, operation) of everything that OpenAPI tells of."""
    schema = (await (await site.visitor()).get("/api/v1/openapi.json")).json()
    return [
        (method.upper(), path, operation)
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    ]


async def test_every_route_is_described_and_answers_problems(site: Any) -> None:
    nobody, admin = await site.visitor(), await site.person(Role.ADMIN, None)
    everything = await routes(site)
    assert len(everything) >= 25
    for method, path, operation in everything:
        assert operation["description"] and operation["tags"], path
        for status, answer in operation["responses"].items():
            assert (PROBLEM in answer.get("content", {})) == (int(status) >= 400), (path, status)
        real = path.format(**FILL)
        if (method, path) not in (("POST", "/api/v1/session"), ("GET", "/api/v1/health")):
            assert_problem(await nobody.request(method, real), 401, 422)
        assert_problem(await admin.request("PATCH", real), 405)
        if "{" in path:
            for bad in ("a" * 33, "é", "a%20b", "%00", "a.b"):
                filled = path.format(**dict.fromkeys(FILL, bad))
                assert_problem(
                    await admin.request(method, filled, json={"on_duty": True, "kind": "locate"}), 404, 422
                )
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query":
                numbers = ("-1", "1e9", "99999999999999999999")
                brackets = () if parameter["name"] in TEXTS else ("[]",)
                for bad in ("\x00", "é" * 200, *brackets, *(numbers if parameter["name"] in NUMBERS else ())):
                    answer = await admin.request(method, real, params={parameter["name"]: bad})
                    assert_problem(answer, 404, 422)


async def test_unknown_addresses_are_problems(site: Any) -> None:
    client = await site.person(Role.ADMIN, None)
    for path in ("/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/units", "/api/v1/units/", "/api/v1/live",
                 "/api/v1/units/U1/nothing", "/api/v1/docs", "/api//v1/units", "/api/v1/%2e%2e/units"):  # fmt: skip
        assert_problem(await client.get(path), 404)


async def test_body_is_bounded(site: Any) -> None:
    client = await site.person(Role.DISPATCHER, "MID1")
    url = "/api/v1/courts/B1/duty"

    async def chunks() -> Any:
        for _ in range(40):
            yield b" " * 4096

    assert_problem(await client.put(url, content=b" " * 65_537), 413)
    assert_problem(await client.put(url, content=chunks()), 413)
    assert_problem(await client.put("/nowhere", content=b" " * 65_537), 413)


HOSTILE = (
    b"", b"{", b"null", b"[]", b"0", b'"x"', b"\xff\xfe", b"\x00", b"[" * 60_000, b'{"a":' * 9_000, b"1e400", b"NaN",
    b'{"on_duty": "\\ud800", "login": "\\ud800", "reason": "\\ud800", "kind": "\\ud800"}',
    b'{"login": "a\\u0000b", "password": "c", "note": "a\\u0000b", "reason": "\\u0000"}',
    b'{"version": 1e400}', b'{"version": true}', b'{"version": "1"}', b'{"version": 99999999999999999999999}',
    b'{"eta_s": -1}', b'{"by_name": ""}', b'{"by_name": "  "}', b'{"court_id": "../../etc"}', b'{"unknown": 1}',
    b'{"kind": "reboot"}', b'{"kind": "setting"}', b'{"kind": "case", "value": 7}', b'{"kind": "locate", "value": 1.5}',
    b'{"kind": "setting", "name": "HOLD", "value": 1}', b'{"on_duty": 1}', b'{"on_duty": "yes"}', b'{"on_duty": null}',
    json.dumps({"reason": "x" * 501, "note": "x" * 2001, "on_duty": [], "kind": {}, "login": "x" * 65}).encode(),
)  # fmt: skip


async def test_hostile_bodies_are_refused_and_change_nothing(site: Any) -> None:
    incident_id = await site.alarm()
    site.heard("U1")
    client = await site.person(Role.DISPATCHER, "MID1")
    rng = random.Random(9457)
    for method, path, _ in await routes(site):
        if method not in ("POST", "PUT") or path.endswith(("acknowledge", "callback")):
            continue
        url = path.format(**{**FILL, "incident_id": incident_id})
        for body in (*HOSTILE, *(rng.randbytes(rng.randrange(1, 200)) for _ in range(2))):
            answer = await client.request(
                method, url, content=body, headers={"Content-Type": "application/json"}
            )
            assert_problem(answer, 400, 409, 422, *([404] if "/recordings/" in url else []))
    assert (await site.centre.incident(incident_id)).incident.version == 1
    assert site.centre.courts()["B1"].on_duty and not any(
        topic.endswith("/command") for topic, _ in site.sent
    )


async def test_fault_of_ours_is_a_500_without_internals(site: Any) -> None:
    client = await site.person(Role.ADMIN, None)
    site.centre.units()["U1"] = None  # what an unforeseen fault of ours looks like to a request
    assert_problem(await client.get("/api/v1/units"), 500)


async def test_database_that_cannot_write_is_a_503(site: Any) -> None:
    client = await site.person(Role.DISPATCHER, "MID1")
    incident_id = await site.alarm()

    trigger = text("CREATE TRIGGER t BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'x'); END")
    await site.parts.store.write(lambda connection: connection.execute(trigger))
    answer = await client.post(f"/api/v1/incidents/{incident_id}/acknowledge", json={})
    assert_problem(answer, 503)
    assert answer.headers["retry-after"] == "1"
    assert (await site.centre.incident(incident_id)).incident.version == 1


async def test_health_says_little_to_strangers(site: Any) -> None:
    assert (await (await site.visitor()).get("/api/v1/health")).json() == {"ok": True}
    known = (await (await site.person(Role.VIEWER, "B1")).get("/api/v1/health")).json()
    assert known["database"]["ok"] and known["subscribers"] == 0 and known["version"]


@pytest.mark.parametrize(
    ("synchronized", "problem"), [(True, None), (None, None), (False, "no time service keeps it right")]
)
async def test_clock_that_nobody_sets_is_told_and_is_no_fault(
    site: Any, synchronized: bool | None, problem: str | None
) -> None:
    site.synchronized = synchronized
    client = await site.person(Role.VIEWER, "B1")
    clock = (await client.get("/api/v1/health")).json()["clock"]
    assert clock == {"ok": True, "stepped_ms": 0, "synchronized": synchronized, "problem": problem}


async def test_clock_that_was_set_is_a_fault(site: Any) -> None:
    site.clock.set(-3_000)
    client = await site.person(Role.VIEWER, "B1")
    health = (await client.get("/api/v1/health")).json()
    assert health["clock"]["ok"] is False and health["clock"]["stepped_ms"] == -3_000
    assert health["clock"]["problem"] == "was set while the gateway ran"


def test_kernel_says_whether_the_clock_is_kept_right() -> None:
    assert kernel_clock.synchronized() in (True, False, None)


async def test_metrics_are_for_this_machine(site: Any) -> None:
    client = await site.visitor()
    answer = await client.get("/metrics")
    assert answer.status_code == 200 and "tipstaff_subscribers 0.0" in answer.text
    assert_problem(await client.get("/metrics", headers={"X-Forwarded-For": "10.1.1.1"}), 403)
