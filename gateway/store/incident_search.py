"""Which incidents fit a filter: a narrow copy of what is asked for, beside the snapshots.

A snapshot is some 5 KB, so looking through those of 100,000 incidents would read half a gigabyte. The rows here are
clustered by time of opening; with the courts that see each, 100,000 take 24 MB. A filter that fits nothing reads
all of them, in 0.1 s, and for a person who sees none of them in 0.4 s (docs/adr/0015). Texts are folded (`folded`).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.dialect import insert_or_ignore
from gateway.store.tables import incident_courts, incident_search

TEXT_MAX = 2_000
# Built once, as in `incidents`: on an alarm's way.
_INSERT = insert(incident_search)
_UPDATE = update(incident_search).where(
    incident_search.c.opened_ms == bindparam("key_ms"), incident_search.c.incident_id == bindparam("key")
)


@dataclass(frozen=True, slots=True)
class SearchRow:
    """An incident as it is searched. `units`, `officers`, `people`: folded, one a line; `people` acted on it."""

    opened_ms: int
    incident_id: str
    live: bool
    court_id: str | None
    kind: str
    duress: bool
    units: str
    officers: str
    case_no: str
    people: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter; None: whatever it is. `seen_by`: courts of which one must see the incident; `court_ids`: the court
    of the officer is one of these. `unit`, `officer`, `case_no`, `by`: a part of it; `text`: a part of any of
    unit, officer, case number and id. `from_ms` and `to_ms` (exclusive): when it opened."""

    live: bool | None = None
    seen_by: frozenset[str] | None = None
    court_ids: frozenset[str] | None = None
    kind: str | None = None
    unit: str | None = None
    officer: str | None = None
    case_no: str | None = None
    by: str | None = None
    text: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


Key = tuple[int, str]


def folded(text: str) -> str:
    """Text as it is compared: full-width and half-width, upper and lower case are one."""
    return unicodedata.normalize("NFKC", text).casefold()[:TEXT_MAX]


def lines(texts: Sequence[str]) -> str:
    """Several texts as one that is searched."""
    return "\n".join(dict.fromkeys(map(folded, texts)))[:TEXT_MAX]


async def save(
    connection: AsyncConnection, row: SearchRow, court_ids: frozenset[str], *, first: bool
) -> None:
    """Insert the `first` row of an incident, or update it; `court_ids` see the incident from now on."""
    values = asdict(row)
    if not first:
        values["key_ms"], values["key"] = values.pop("opened_ms"), values.pop("incident_id")
    await connection.execute(_INSERT if first else _UPDATE, values)
    if court_ids:
        pairs = [
            {"incident_id": row.incident_id, "court_id": court_id, "opened_ms": row.opened_ms}
            for court_id in sorted(court_ids)
        ]
        await connection.execute(insert_or_ignore(connection, incident_courts), pairs)


async def find(connection: AsyncConnection, wanted: Wanted, before: Key | None, limit: int) -> list[Key]:
    """(opened_ms, incident_id) of incidents that fit, newest first, from before a cursor."""
    table = incident_search.c
    query = select(table.opened_ms, table.incident_id).where(*_conditions(wanted))
    if before is not None:
        opened_ms, incident_id = before
        same = (table.opened_ms == opened_ms) & (table.incident_id < incident_id)
        query = query.where(table.opened_ms <= opened_ms, (table.opened_ms < opened_ms) | same)
    rows = await connection.execute(
        query.order_by(table.opened_ms.desc(), table.incident_id.desc()).limit(limit)
    )
    return [(row.opened_ms, row.incident_id) for row in rows]


async def count(connection: AsyncConnection, wanted: Wanted) -> int:
    """How many incidents fit."""
    query = select(func.count()).select_from(incident_search).where(*_conditions(wanted))
    return (await connection.execute(query)).scalar_one()


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    table = incident_search.c
    found: list[ColumnElement[bool]] = []
    if wanted.live is not None:
        found.append(table.live.is_(wanted.live))
    if wanted.from_ms is not None:
        found.append(table.opened_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        found.append(table.opened_ms < wanted.to_ms)
    if wanted.court_ids is not None:
        found.append(table.court_id.in_(wanted.court_ids))
    if wanted.kind is not None:
        flagged = table.duress.is_(True) if wanted.kind == "duress" else None
        found.append(
            table.kind == wanted.kind if flagged is None else or_(table.kind == wanted.kind, flagged)
        )
    for column, text in (
        (table.units, wanted.unit),
        (table.officers, wanted.officer),
        (table.case_no, wanted.case_no),
        (table.people, wanted.by),
    ):
        if text:
            found.append(_has(column, text))
    if wanted.text:
        columns = (table.units, table.officers, table.case_no, func.lower(table.incident_id))
        found.append(or_(*(_has(column, wanted.text) for column in columns)))
    if wanted.seen_by is not None:
        asked = incident_courts.c
        # By the few courts of the incident and not by the many of the person: hence the text that is no key.
        one = (asked.court_id + "").in_(wanted.seen_by)
        same = (asked.opened_ms == table.opened_ms) & (asked.incident_id == table.incident_id)
        found.append(or_(table.court_id.in_(wanted.seen_by), exists().where(same, one)))
    return found


def _has(column: Any, text: str) -> ColumnElement[bool]:
    contained: ColumnElement[bool] = column.contains(folded(text), autoescape=True)
    return contained
