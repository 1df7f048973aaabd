"""Talks in the database: who spoke to which officer, when, how it ended, and the hash of what was said.

A talk that was begun is in the audit in the same transaction, and so is its end.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store import audit
from gateway.store.tables import talks


@dataclass(frozen=True, slots=True)
class TalkRow:
    """A talk as it is stored (see `tables.talks`)."""

    talk: str
    unit_id: str
    court_id: str
    officer: str
    incident_id: str | None
    login: str
    name: str
    aloud: bool
    call: bool
    began_ms: int
    ended_ms: int | None = None
    why: str | None = None
    packets: int | None = None
    dropped: int | None = None
    size: int | None = None
    sha256: bytes | None = None
    deleted_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TalkEnd:
    """What is known of a talk once it is over. `size`, `sha256`: of its file, None when nothing was kept;
    `incident_id`: to which it belongs, if to one."""

    ended_ms: int
    why: str
    packets: int
    dropped: int
    size: int | None = None
    sha256: bytes | None = None
    incident_id: str | None = None


async def begun(connection: AsyncConnection, row: TalkRow) -> None:
    """Enter a talk that begins. In the audit."""
    values = {name: getattr(row, name) for name in TalkRow.__slots__}
    await connection.execute(insert(talks).values(values))
    facts: dict[str, object] = {
        "talk": row.talk,
        "incident": row.incident_id,
        "aloud": row.aloud,
        "call": row.call,
    }
    await audit.record(connection, row.began_ms, row.login, "talk.begin", row.unit_id, facts)


async def over(connection: AsyncConnection, row: TalkRow, end: TalkEnd) -> bool:
    """Enter how a talk ended, once. In the audit. False: it had ended already."""
    values = {name: getattr(end, name) for name in TalkEnd.__slots__}
    query = update(talks).where(talks.c.talk == row.talk, talks.c.ended_ms.is_(None))
    if not (await connection.execute(query.values(values))).rowcount:
        return False
    facts: dict[str, object] = {
        "talk": row.talk,
        "incident": end.incident_id,
        "why": end.why,
        "lasted_ms": end.ended_ms - row.began_ms,
        "packets": end.packets,
        "dropped": end.dropped,
        "sha256": end.sha256.hex() if end.sha256 is not None else None,
    }
    await audit.record(connection, end.ended_ms, row.login, "talk.end", row.unit_id, facts)
    return True


async def find(connection: AsyncConnection, unit_id: str, talk: str) -> TalkRow | None:
    """One talk of a unit."""
    query = select(talks).where(talks.c.unit_id == unit_id, talks.c.talk == talk)
    row = (await connection.execute(query)).first()
    return None if row is None else TalkRow(*row)


async def of_unit(
    connection: AsyncConnection,
    unit_id: str,
    court_ids: Collection[str] | None,
    before: tuple[int, str] | None,
    limit: int,
) -> list[TalkRow]:
    """Talks to a unit, newest first, of these courts; `before`: (began_ms, talk) of the last one shown."""
    query = select(talks).where(talks.c.unit_id == unit_id)
    if court_ids is not None:
        query = query.where(talks.c.court_id.in_(court_ids))
    if before is not None:
        at_ms, talk = before
        query = query.where(
            or_(talks.c.began_ms < at_ms, and_(talks.c.began_ms == at_ms, talks.c.talk < talk))
        )
    query = query.order_by(talks.c.began_ms.desc(), talks.c.talk.desc()).limit(limit)
    return [TalkRow(*row) for row in await connection.execute(query)]


async def of_incident(connection: AsyncConnection, incident_id: str, limit: int) -> list[TalkRow]:
    """Talks of an incident that are over and kept, oldest first."""
    query = select(talks).where(
        talks.c.incident_id == incident_id, talks.c.sha256.is_not(None), talks.c.deleted_ms.is_(None)
    )
    query = query.order_by(talks.c.began_ms, talks.c.talk).limit(limit)
    return [TalkRow(*row) for row in await connection.execute(query)]


async def said_in(
    connection: AsyncConnection, incident_id: str, court_ids: Collection[str] | None, limit: int
) -> list[TalkRow]:
    """Talks of an incident in which somebody was heard, or is now, newest first, of these courts."""
    query = select(talks).where(
        talks.c.incident_id == incident_id, or_(talks.c.ended_ms.is_(None), talks.c.packets > 0)
    )
    if court_ids is not None:
        query = query.where(talks.c.court_id.in_(court_ids))
    query = query.order_by(talks.c.began_ms.desc(), talks.c.talk.desc()).limit(limit)
    return [TalkRow(*row) for row in await connection.execute(query)]


async def unfinished(connection: AsyncConnection, limit: int) -> list[TalkRow]:
    """Talks whose end is not known, oldest first."""
    query = select(talks).where(talks.c.ended_ms.is_(None)).order_by(talks.c.began_ms).limit(limit)
    return [TalkRow(*row) for row in await connection.execute(query)]


async def old(connection: AsyncConnection, before_ms: int, limit: int) -> list[TalkRow]:
    """Talks that began before then, ended, are not deleted and belong to no incident, oldest first."""
    query = select(talks).where(
        talks.c.deleted_ms.is_(None),
        talks.c.began_ms < before_ms,
        talks.c.ended_ms.is_not(None),
        talks.c.incident_id.is_(None),
    )
    query = query.order_by(talks.c.began_ms).limit(limit)
    return [TalkRow(*row) for row in await connection.execute(query)]


async def deleted(connection: AsyncConnection, rows: Sequence[TalkRow], login: str, at_ms: int) -> None:
    """Say that talks are gone; their rows stay. In the audit. The files are the caller's."""
    names = [row.talk for row in rows]
    await connection.execute(update(talks).where(talks.c.talk.in_(names)).values(deleted_ms=at_ms))
    for row in rows:
        facts: dict[str, object] = {"talk": row.talk, "began_ms": row.began_ms, "size": row.size}
        await audit.record(connection, at_ms, login, "talk.delete", row.unit_id, facts)


async def deleted_since(connection: AsyncConnection, since_ms: int) -> list[TalkRow]:
    """Talks that were deleted since then."""
    return [
        TalkRow(*row) for row in await connection.execute(select(talks).where(talks.c.deleted_ms >= since_ms))
    ]
