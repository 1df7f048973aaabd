"""The list of units: its filters, and the file for a spreadsheet."""

import csv
import io
from typing import Any

import pytest

from gateway.api import csv_text, unit_table
from gateway.api.csv_text import time_of
from gateway.api.unit_faults import CLOCK_OFF_MS, FaultName
from gateway.model import Role, Unit
from gateway.store import audit

DAY_MS = 86_400_000


def rows_of(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf") and answer.content.endswith(b"\r\n")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), strict=True))


async def ids(client: Any, query: str) -> list[str]:
    answer = await client.get(f"/api/v1/units?{query}")
    assert answer.status_code == 200, answer.text
    return [unit["unit_id"] for unit in answer.json()["items"]]


async def test_unit_says_what_its_last_state_said(site: Any) -> None:
    unit = Unit("U1", "B1", "陈一", certificate_ends_ms=5)
    counters = {0: 7, 3: 2, 7: 3, 9: 4}
    site.heard_of(unit, clock_offset_ms=-70, uptime_s=9, boot=4, last_error="ring: full", counters=counters)
    client = await site.person(Role.VIEWER, "B1")
    said = (await client.get("/api/v1/units/U1")).json()
    assert (said["clock_offset_ms"], said["uptime_s"], said["boot"]) == (-70, 9, 4)
    assert (said["last_error"], said["dropped"], said["revoked"]) == ("ring: full", 9, False)
    assert said["certificate_ends_ms"] == 5
    never = (await (await site.person(Role.VIEWER, "B2")).get("/api/v1/units/U2")).json()
    assert (never["boot"], never["clock_offset_ms"], never["dropped"]) == (None, None, 0)


async def test_list_is_filtered_by_what_is_asked(site: Any) -> None:
    site.heard("U1", battery_pct=80, firmware="1.2.3", case_no="(2026)闽0105执1287号", clock_offset_ms=0)
    site.heard("U2", battery_pct=12, firmware="1.1.0", clock_offset_ms=0)
    client = await site.person(Role.DISPATCHER, None)
    for query, found in (
        ("", ["U1", "U2", "U3"]),
        ("q=u2", ["U2"]),
        ("q=%20黄%20", ["U3"]),
        ("q=闽0105执", ["U1"]),
        ("q=丙区", ["U3"]),
        ("q=MID1", []),
        ("court=MID1", ["U1", "U2"]),
        ("court=HIGH&q=陈", ["U1"]),
        ("court=NONE", []),
        ("court_id=B3", ["U3"]),
        ("court_id=B3&court=MID1", []),
        ("state=online", ["U1", "U2"]),
        ("state=never", ["U3"]),
        ("state=offline", []),
        ("battery_max=12", ["U2"]),
        ("firmware=1.2", ["U1"]),
        ("fault=battery", ["U2"]),
        ("fault=any", ["U2"]),
        ("state=online&limit=1", ["U1"]),
    ):
        assert await ids(client, query) == found, query
    assert (await client.get("/api/v1/units?state=online&limit=1")).json()["next"] == "U1"
    assert await ids(client, "state=online&limit=1&cursor=U1") == ["U2"]


async def test_filter_never_widens_what_somebody_sees(site: Any) -> None:
    client = await site.person(Role.VIEWER, "B3")
    assert await ids(client, "court=HIGH") == ["U3"] and await ids(client, "q=U1") == []
    assert [row[0] for row in rows_of(await client.get("/api/v1/units.csv?court=HIGH"))[1:]] == ["U3"]


@pytest.mark.parametrize(
    "query", ["state=asleep", "battery_max=101", "battery_max=-1", "fault=x", "court=%00", "q=" + "a" * 101,
              "q=a%00", "firmware=" + "1" * 33, "limit=0", "court=a;b"])  # fmt: skip
async def test_filter_that_says_nothing_is_refused(site: Any, query: str) -> None:
    client = await site.person(Role.VIEWER, None)
    for path in ("units", "units.csv"):
        if path == "units" or "limit" not in query:
            assert (await client.get(f"/api/v1/{path}?{query}")).status_code == 422


FAULTY: dict[FaultName, dict[str, Any]] = {
    "battery": {"battery_pct": 15},
    "signal": {"signal_dbm": -116},
    "storage": {"storage_free_kib": 19, "storage_total_kib": 100},
    "clock": {"clock_offset_ms": CLOCK_OFF_MS + 1},
    "picture": {"picture": "covered"},
    "drops": {"counters": {3: 1}},
    "error": {"last_error": "task gnss"},
}
SOUND = {
    "battery_pct": 16, "signal_dbm": -115, "storage_free_kib": 20, "storage_total_kib": 100,
    "clock_offset_ms": -CLOCK_OFF_MS, "counters": {0: 9, 1: 9}, "firmware": "1.0",
    "picture": "ok",
}  # fmt: skip


async def test_each_fault_is_found_by_its_name_only(site: Any) -> None:
    now_ms = site.clock.now_ms()
    site.heard_of(Unit("U2", "B2", certificate_ends_ms=now_ms + 31 * DAY_MS), **SOUND)
    site.heard("U3", **SOUND)
    client = await site.person(Role.VIEWER, None)
    names = [*FAULTY, "certificate", "revoked", "unregistered"]
    registered = {
        "certificate": Unit("U1", "B1", certificate_ends_ms=now_ms + 29 * DAY_MS),
        "revoked": Unit("U1", "B1", revoked_ms=1, certificate_ends_ms=now_ms),
        "unregistered": Unit("U1", "B1", known=False),
    }
    for name in names:
        site.heard_of(registered.get(name, Unit("U1", "B1")), **(SOUND | FAULTY.get(name, {})))
        found = [other for other in names if await ids(client, f"fault={other}") == ["U1"]]
        assert found == [name] and await ids(client, "fault=any") == ["U1"]


async def test_file_holds_the_filtered_list_and_its_taking_is_in_the_audit(site: Any) -> None:
    site.heard("U1", battery_pct=80, clock_offset_ms=-70, signal_dbm=-99, counters={3: 2})
    client = await site.person(Role.VIEWER, "MID1", "林")
    answer = await client.get("/api/v1/units.csv?court=B1&lang=en")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="units-20')
    assert answer.headers["x-tipstaff-cut"] == "0"
    head, *rows = rows_of(answer)
    assert len(rows) == 1 and all(len(row) == len(head) for row in rows)
    row = dict(zip(head, rows[0], strict=True))
    assert (row["unit"], row["officer"], row["court"]) == ("U1", "陈一", "甲区法院")
    assert (row["signal dBm"], row["clock offset ms"], row["dropped"]) == ("-99", "-70", "2")
    assert row["last seen (Beijing)"] == time_of(site.clock.now_ms()) and row["recording"] == "no"
    chinese = rows_of(await client.get("/api/v1/units.csv"))
    assert chinese[0][:2] == ["设备编号", "执行人员"] and [one[0] for one in chinese[1:]] == ["U1", "U2"]
    async with site.parts.store.read() as connection:
        first, _ = [one for one in await audit.entries(connection) if one.action == "units.export"]
    assert first.login == "林" and first.facts == {"filter": "court=B1&lang=en", "found": 1, "rows": 1}


@pytest.mark.parametrize(
    "officer", ["=1+1", " =1+1", "+cmd", "-1", "@SUM(A1)", "\t=1", "＝1", "\u200b=1", "\r\n=1"]
)
async def test_name_that_looks_like_a_formula_is_made_text(site: Any, officer: str) -> None:
    site.heard_of(Unit("U1", "B1", officer))
    client = await site.person(Role.VIEWER, "B1")
    assert rows_of(await client.get("/api/v1/units.csv"))[1][1] == "'" + officer


async def test_hostile_name_stays_in_its_cell(site: Any) -> None:
    name = '林",\r\n"x\u202e<b>' + "长" * 200
    site.heard_of(Unit("U1", "B1", name))
    client = await site.person(Role.VIEWER, "B1")
    assert rows_of(await client.get("/api/v1/units.csv"))[1][1] == name


def test_file_that_was_cut_says_so_in_both_languages() -> None:
    for language, words in (("zh", "共 12 行"), ("en", "of 12 rows")):
        answer = csv_text.csv_answer("units", ["a"], [[1], [2]], 12, language, 0)  # type: ignore[arg-type]
        assert answer.headers["x-tipstaff-cut"] == "1"
        assert words in bytes(answer.body).decode("utf-8-sig").splitlines()[-1]


def test_time_that_no_calendar_has_is_left_out() -> None:
    assert time_of(10**18) is None and time_of(None) is None
    assert time_of(0) == "1970-01-01 08:00:00"


def test_every_fault_has_a_word() -> None:
    assert set(unit_table.FAULTS["zh"]) == {*FAULTY, "certificate", "revoked", "unregistered"}
