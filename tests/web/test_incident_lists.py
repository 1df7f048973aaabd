"""Incidents are found again: filters, pages, and the file for a spreadsheet."""

import csv
import io
from dataclasses import asdict, replace
from typing import Any

import pytest
from sqlalchemy import insert

from gateway.api.csv_text import ROWS_MAX
from gateway.dispatch.incident import from_json, to_json
from gateway.model import AlarmRecord, Role
from gateway.store import audit, incidents
from gateway.store.tables import incident_courts, incident_search
from gateway.store.tables import incidents as incident_table
from protocol.messages import KIND_DURESS

LIST, FILE = "/api/v1/incidents", "/api/v1/incidents.csv"


async def ids(client: Any, **asked: Any) -> list[str]:
    """All that fit, page by page."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await client.get(LIST, params={"limit": 2, **asked, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [item["incident_id"] for item in page["items"]]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


@pytest.fixture
async def three(site: Any) -> list[str]:
    """U1 of B1 with a case, closed by 林; U2 of B2, open and acknowledged by 陈; U3 of B3, open, under duress."""
    made = []
    for unit_id, case_no in (("U1", "（2026）闽0102执17号"), ("U2", None), ("U3", None)):
        made.append(await site.alarm(unit_id, case_no))
        site.clock.advance(1000)
    admin = await site.person(Role.ADMIN, None, "林")
    chen = await site.person(Role.DISPATCHER, "MID1", "陈")
    await admin.post(f"{LIST}/{made[0]}/close", json={"reason": "=cmd|' /C calc'!A0"})
    await chen.post(f"{LIST}/{made[1]}/acknowledge", json={})
    return made


async def test_each_filter_finds_what_it_says(site: Any, three: list[str]) -> None:
    one, two, last = three
    admin = await site.person(Role.ADMIN, None)
    opened_ms = {item["incident_id"]: item["opened_ms"] for item in
                 (await admin.get(f"{LIST}?state=all")).json()["items"]}  # fmt: skip
    for asked, found in (
        ({}, [last, two]),
        ({"state": "closed"}, [one]),
        ({"state": "all"}, [last, two, one]),
        ({"state": "all", "court": "MID1"}, [two, one]),
        ({"state": "all", "court": "HIGH"}, [last, two, one]),
        ({"state": "all", "court": "NONE"}, []),
        ({"state": "all", "unit": "u1"}, [one]),
        ({"state": "all", "officer": "林"}, [two]),
        ({"state": "all", "case": "(2026)闽0102"}, [one]),
        ({"state": "all", "kind": "man_down"}, []),
        ({"state": "all", "kind": "button"}, [last, two, one]),
        ({"state": "all", "by": "陈"}, [two]),
        ({"state": "all", "by": "林"}, [one]),
        ({"state": "all", "q": "黄"}, [last]),
        ({"state": "all", "q": one.lower()}, [one]),
        ({"state": "all", "q": "执17"}, [one]),
        ({"state": "all", "q": "%"}, []),
        ({"state": "all", "q": ""}, [last, two, one]),
        ({"state": "all", "from_ms": opened_ms[two]}, [last, two]),
        ({"state": "all", "to_ms": opened_ms[two]}, [one]),
        ({"state": "open", "q": "U", "court": "MID1", "by": "陈"}, [two]),
    ):
        assert await ids(admin, **asked) == found, asked


async def test_filter_finds_nothing_outside_the_courts_of_who_asks(site: Any, three: list[str]) -> None:
    one, two, last = three
    for court_id, seen in (("MID1", [two, one]), ("B1", [one]), ("B3", [last]), ("HIGH", [last, two, one])):
        client = await site.person(Role.DISPATCHER, court_id)
        assert await ids(client, state="all") == seen, court_id
        assert await ids(client, state="all", q="u") == seen
        rows = list(csv.reader(io.StringIO((await client.get(FILE, params={"state": "all"})).text)))
        assert [row[0] for row in rows[1:]] == seen
    court = await site.person(Role.COURT, "B3")
    await (await site.person(Role.ADMIN, None)).post(f"{LIST}/{two}/offer", json={"court_id": "B3"})
    assert await ids(court, state="all") == [last, two], "who is asked to come sees it from then on"


async def test_duress_that_came_later_is_found_as_duress(site: Any) -> None:
    incident_id = await site.alarm()
    admin = await site.person(Role.ADMIN, None)
    assert await ids(admin, kind="duress") == []
    now_ms = site.clock.now_ms()
    assert await site.centre.alarm(
        AlarmRecord(b"d" * 16, "U1", "B1", KIND_DURESS, now_ms, 3, 9_000, 1, now_ms, site.fix(), 0)
    )
    assert await ids(admin, kind="duress") == [incident_id]


async def test_wrong_filters_are_named(site: Any) -> None:
    client = await site.person(Role.ADMIN, None)
    for asked in (
        {"state": "none"}, {"kind": "panic"}, {"court": "a b"}, {"q": "x" * 101}, {"by": "a\x07"}, {"officer": "a\nb"},
        {"from_ms": "-1"}, {"to_ms": "tomorrow"}, {"limit": "101"}, {"cursor": "x"},
    ):  # fmt: skip
        for url in (LIST, FILE):
            answer = await client.get(url, params=asked)
            if url == LIST or set(asked) & {
                "state",
                "kind",
                "court",
                "q",
                "by",
                "officer",
                "from_ms",
                "to_ms",
            }:
                assert answer.status_code == 422, asked


async def test_file_is_utf8_with_a_mark_and_has_no_formulas(site: Any, three: list[str]) -> None:
    client = await site.person(Role.ADMIN, None, "admin")
    answer = await client.get(FILE, params={"state": "all", "officer": "陈"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="tipstaff-incidents-')
    assert answer.content.startswith(b"\xef\xbb\xbf") and answer.headers["x-tipstaff-cut"] == "0"
    header, row = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    line = dict(zip(header, row, strict=True))
    assert line["事件编号"] == three[0] and line["状态"] == "已结束" and line["人员"] == "陈一"
    assert line["案号"] == "（2026）闽0102执17号" and line["最近法院"] == "甲区法院"
    assert line["结束原因"] == "'=cmd|' /C calc'!A0"
    english = (await client.get(FILE, params={"state": "all", "lang": "en"})).text
    assert english.splitlines()[0].startswith("\ufeffincident,state,kind")
    async with site.parts.store.read() as connection:
        exports = [one for one in await audit.entries(connection) if one.action == "incident.export"]
    assert exports[0].facts == {"filter": {"state": "all", "officer": "陈"}, "rows": 1, "found": 1}


async def test_a_hundred_thousand_incidents_are_searched_at_once(site: Any) -> None:
    """The file is cut and says so; nothing waits long, also where nothing fits."""
    first = await site.alarm()
    admin = await site.person(Role.ADMIN, None)
    await admin.post(f"{LIST}/{first}/close", json={"reason": "误报"})
    async with site.parts.store.read() as connection:
        snapshot = await incidents.snapshot(connection, first)
    assert snapshot is not None
    pattern = from_json(snapshot)

    async def fill(connection: Any) -> None:
        for day in range(100):
            search, asked, whole = [], [], []
            for number in range(1000):
                key = {"opened_ms": day * 86_400_000 + number, "incident_id": f"I-X{day:03d}-{number:04d}"}
                texts = {
                    "units": f"u{number}",
                    "officers": f"officer {number}",
                    "case_no": f"案{day}-{number}",
                }
                plain = {"live": False, "kind": "button", "duress": False, "people": "林"}
                search.append(key | {"court_id": ("B1", "B2", "B3")[number % 3]} | texts | plain)
                asked += [key | {"court_id": one} for one in ("B1", "B2", "MID1")]
                if day >= 89:  # the newest 11,000
                    one = replace(pattern, **key)
                    row = incidents.IncidentRow(
                        one.incident_id, "U1", "B1", "CLOSED", False, 2, one.opened_ms, None, to_json(one)
                    )
                    whole.append(asdict(row))
            await connection.execute(insert(incident_search), search)
            await connection.execute(insert(incident_courts), asked)
            if whole:
                await connection.execute(insert(incident_table), whole)

    await site.parts.store.write(fill)
    mid2, b2 = await site.person(Role.DISPATCHER, "MID2"), await site.person(Role.COURT, "B2")
    for client, asked, found in (
        (admin, {}, 50),
        (admin, {"q": "案95-999"}, 1),
        (admin, {"q": "none of them"}, 0),
        (b2, {"officer": "none of them"}, 0),
        (mid2, {"court": "B2"}, 0),
        (mid2, {"unit": "u998", "court": "B2"}, 0),
    ):
        answer = await client.get(LIST, params={"state": "closed", **asked})
        assert len(answer.json()["items"]) == found, asked
    answer = await admin.get(FILE, params={"state": "closed"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 1 + ROWS_MAX + 1 and answer.headers["x-tipstaff-cut"] == "1"
    assert "10000" in rows[-1][0] and "100001" in rows[-1][0] and len(rows[-1]) == 1
