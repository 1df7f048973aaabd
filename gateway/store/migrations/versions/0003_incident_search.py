"""Incidents can be searched by officer, unit, case, court and person."""

import json
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

AT_ONCE = 200
TEXT_MAX = 2_000


def upgrade() -> None:
    search = op.create_table(
        "incident_search",
        sa.Column("opened_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("court_id", sa.String(length=16), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("duress", sa.Boolean(), nullable=False),
        sa.Column("units", sa.Text(), nullable=False),
        sa.Column("officers", sa.Text(), nullable=False),
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("opened_ms", "incident_id"),
        sqlite_with_rowid=False,
    )
    asked = op.create_table(
        "incident_courts",
        sa.Column("opened_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("court_id", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("opened_ms", "incident_id", "court_id"),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    incidents = sa.table("incidents", sa.column("incident_id"), sa.column("live"), sa.column("snapshot"))
    events = sa.table("incident_events", sa.column("incident_id"), sa.column("by"))
    last = ""
    while True:
        query = sa.select(incidents).where(incidents.c.incident_id > last)
        rows = connection.execute(query.order_by(incidents.c.incident_id).limit(AT_ONCE)).all()
        if not rows:
            return
        last = rows[-1].incident_id
        who = sa.select(events.c.incident_id, events.c.by).distinct()
        who = who.where(events.c.incident_id.in_([row.incident_id for row in rows]), events.c.by.is_not(None))
        people: dict[str, list[str]] = {}
        for one in connection.execute(who):
            people.setdefault(one.incident_id, []).append(one.by)
        found = [(json.loads(row.snapshot), bool(row.live)) for row in rows]
        made = [
            _search_row(incident, live, sorted(people.get(incident["incident_id"], [])))
            for incident, live in found
        ]
        connection.execute(search.insert(), made)
        if pairs := [pair for incident, _ in found for pair in _courts(incident)]:
            connection.execute(asked.insert(), pairs)


def _search_row(incident: dict[str, Any], live: bool, people: list[str]) -> dict[str, Any]:
    members = incident["members"]
    return {
        "opened_ms": incident["opened_ms"],
        "incident_id": incident["incident_id"],
        "live": live,
        "court_id": incident["court_id"],
        "kind": incident["kind"],
        "duress": incident["duress"],
        "units": _lines([incident["unit_id"], *(member["unit_id"] for member in members)]),
        "officers": _lines([incident["officer"], *(member["officer"] for member in members)]),
        "case_no": _folded(incident["case_no"] or ""),
        "people": _lines(people),
    }


def _courts(incident: dict[str, Any]) -> list[dict[str, Any]]:
    found = {incident["court_id"], incident["owner_court_id"]}
    found |= {offer["court_id"] for offer in incident["offers"]}
    if incident["pages"]:
        ranking = incident["ranking"]
        found |= {court["court_id"] for court in (*ranking["candidates"], *ranking["above"])}
    key = {"opened_ms": incident["opened_ms"], "incident_id": incident["incident_id"]}
    return [key | {"court_id": court_id} for court_id in sorted(found - {None})]


def _lines(texts: list[str]) -> str:
    return "\n".join(dict.fromkeys(map(_folded, texts)))[:TEXT_MAX]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()[:TEXT_MAX]
