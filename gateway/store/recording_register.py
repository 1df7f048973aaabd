"""Finding recordings, holding them back, and deleting them when their time is over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store import audit
from gateway.store.recordings import DELETED, SEALED, link_by_time, link_its_alarm
from gateway.store.tables import holds, recording_incidents, recordings, segments


@dataclass(frozen=True, slots=True)
class Hold:
    """A recording is kept, whatever its age, until somebody releases it."""

    hold_id: int
    placed_ms: int
    placed_by: str
    reason: str
    released_ms: int | None = None
    released_by: str | None = None
    release_reason: str | None = None


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """A recording as it is stored (see `tables.recordings`), with what is counted over its segments."""

    unit_id: str
    recording: str
    court_id: str
    officer: str
    case_no: str | None
    alarm_id: bytes | None
    from_ms: int
    to_ms: int
    heard_ms: int
    last_number: int | None
    deleted_ms: int | None
    segments: int = 0
    sealed: int = 0
    received_bytes: int = 0
    incident_ids: Sequence[str] = ()
    held: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for; None is anything. Texts are contained; court_ids: only recordings of these; from_ms, to_ms:
    recordings that lie at least partly between them. before: (from_ms, unit, recording) of the last one shown."""

    court_ids: Collection[str] | None = None
    unit_id: str | None = None
    officer: str | None = None
    case_no: str | None = None
    incident_id: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    held: bool | None = None
    before: tuple[int, str, str] | None = field(default=None)


_HELD = exists().where(
    holds.c.unit_id == recordings.c.unit_id,
    holds.c.recording == recordings.c.recording,
    holds.c.released_ms.is_(None),
)
_LINKED = exists().where(
    recording_incidents.c.unit_id == recordings.c.unit_id,
    recording_incidents.c.recording == recordings.c.recording,
)


async def search(connection: AsyncConnection, wanted: Filter, limit: int) -> list[RecordingRow]:
    """At most `limit` recordings, newest first."""
    table = recordings.c
    query = select(recordings)
    if wanted.court_ids is not None:
        query = query.where(table.court_id.in_(sorted(wanted.court_ids)))
    if wanted.unit_id is not None:
        query = query.where(table.unit_id == wanted.unit_id)
    if wanted.officer is not None:
        query = query.where(table.officer.contains(wanted.officer, autoescape=True))
    if wanted.case_no is not None:
        query = query.where(table.case_no.contains(wanted.case_no, autoescape=True))
    if wanted.incident_id is not None:
        link = recording_incidents.c
        query = query.join(
            recording_incidents, (link.unit_id == table.unit_id) & (link.recording == table.recording)
        ).where(link.incident_id == wanted.incident_id)
    if wanted.from_ms is not None:
        query = query.where(table.to_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        query = query.where(table.from_ms <= wanted.to_ms)
    if wanted.held is not None:
        query = query.where(_HELD if wanted.held else ~_HELD)
    if wanted.before is not None:
        from_ms, unit_id, recording = wanted.before
        query = query.where(
            or_(
                table.from_ms < from_ms,
                and_(table.from_ms == from_ms, table.unit_id < unit_id),
                and_(table.from_ms == from_ms, table.unit_id == unit_id, table.recording < recording),
            )
        )
    order = (table.from_ms.desc(), table.unit_id.desc(), table.recording.desc())
    rows = (await connection.execute(query.order_by(*order).limit(limit))).all()
    return [await _counted(connection, row) for row in rows]


async def find(connection: AsyncConnection, unit_id: str, recording: str) -> RecordingRow | None:
    """One recording, or None."""
    query = select(recordings).where(_is(recordings, unit_id, recording))
    row = (await connection.execute(query)).first()
    return await _counted(connection, row) if row is not None else None


async def named(connection: AsyncConnection, recording: str, unit_id: str | None) -> list[RecordingRow]:
    """The recordings of this name: one, but for a unit that made up another's."""
    query = select(recordings).where(recordings.c.recording == recording)
    if unit_id is not None:
        query = query.where(recordings.c.unit_id == unit_id)
    rows = (await connection.execute(query.order_by(recordings.c.unit_id).limit(10))).all()
    return [await _counted(connection, row) for row in rows]


async def holds_of(connection: AsyncConnection, unit_id: str, recording: str) -> list[Hold]:
    """All holds of a recording, those that were released too."""
    query = select(holds).where(_is(holds, unit_id, recording)).order_by(holds.c.hold_id)
    names = Hold.__dataclass_fields__
    return [Hold(**{name: row._mapping[name] for name in names}) for row in await connection.execute(query)]


async def hold(
    connection: AsyncConnection, unit_id: str, recording: str, reason: str, login: str, at_ms: int
) -> bool:
    """Keep a recording whatever its age; False if it is gone already. In the audit."""
    row = await find(connection, unit_id, recording)
    if row is None or row.deleted_ms is not None:
        return False
    values = {
        "unit_id": unit_id,
        "recording": recording,
        "placed_ms": at_ms,
        "placed_by": login,
        "reason": reason,
    }
    await connection.execute(insert(holds).values(values))
    await audit.record(
        connection, at_ms, login, "recording.hold", f"{unit_id}/{recording}", {"reason": reason}
    )
    return True


async def release(
    connection: AsyncConnection, unit_id: str, recording: str, reason: str, login: str, at_ms: int
) -> int:
    """Release all holds of a recording; returns how many there were. In the audit."""
    where = _is(holds, unit_id, recording) & holds.c.released_ms.is_(None)
    values = {"released_ms": at_ms, "released_by": login, "release_reason": reason}
    released = (await connection.execute(update(holds).where(where).values(values))).rowcount
    if released:
        facts: dict[str, object] = {"reason": reason, "holds": released}
        await audit.record(connection, at_ms, login, "recording.release", f"{unit_id}/{recording}", facts)
    return released


async def over(connection: AsyncConnection, before_ms: int, limit: int) -> list[tuple[str, str]]:
    """Recordings whose last byte came before then, to which no incident and no hold refers, oldest first."""
    query = select(recordings.c.unit_id, recordings.c.recording).where(_over(before_ms))
    rows = await connection.execute(query.order_by(recordings.c.heard_ms).limit(limit))
    return [(row.unit_id, row.recording) for row in rows]


@dataclass(frozen=True, slots=True)
class Gone:
    """A segment that was deleted: `kept_bytes` of it were kept."""

    number: int
    sealed: bool
    kept_bytes: int


async def delete(
    connection: AsyncConnection, unit_id: str, recording: str, before_ms: int, login: str, at_ms: int
) -> list[Gone]:
    """Delete a recording whose time is over; nothing when an incident or a hold refers to it after all. What it was
    stays in the register with its manifests, and the deletion in the audit; the files are the caller's."""
    row = await find(connection, unit_id, recording)
    if row is None:
        return []
    await link_by_time(connection, unit_id, recording, row.from_ms, row.to_ms)
    await link_its_alarm(connection, unit_id, recording)
    still = select(recordings.c.recording).where(_is(recordings, unit_id, recording), _over(before_ms))
    if (await connection.execute(still)).first() is None:
        return []
    found = (await connection.execute(select(segments).where(_is(segments, unit_id, recording)))).all()
    gone = [
        Gone(one.number, one.state == SEALED, one.size if one.state == SEALED else one.received_bytes)
        for one in found
    ]
    changed = {"state": DELETED, "received_bytes": 0}
    await connection.execute(update(segments).where(_is(segments, unit_id, recording)).values(changed))
    await connection.execute(
        update(recordings).where(_is(recordings, unit_id, recording)).values(deleted_ms=at_ms)
    )
    facts: dict[str, object] = {
        "segments": len(gone),
        "bytes": sum(one.kept_bytes for one in gone),
        "heard_ms": row.heard_ms,
        "case_no": row.case_no,
    }
    await audit.record(connection, at_ms, login, "recording.delete", f"{unit_id}/{recording}", facts)
    return gone


async def deleted_since(connection: AsyncConnection, since_ms: int) -> list[tuple[str, str]]:
    """(unit, recording) of what was deleted since then."""
    query = select(recordings.c.unit_id, recordings.c.recording).where(recordings.c.deleted_ms >= since_ms)
    return [(row.unit_id, row.recording) for row in await connection.execute(query)]


async def to_delete_there(
    connection: AsyncConnection, limit: int, offset: int
) -> list[tuple[str, str, int, str]]:
    """(unit, recording, segment number, name in the object store) of what was deleted and is still there, by name."""
    query = select(segments.c.unit_id, segments.c.recording, segments.c.number, segments.c.remote)
    there = (segments.c.state == DELETED) & segments.c.remote.is_not(None)
    rows = await connection.execute(
        query.where(there).order_by(segments.c.remote).limit(limit).offset(offset)
    )
    return [(row.unit_id, row.recording, row.number, row.remote) for row in rows]


def _over(before_ms: int) -> Any:
    table = recordings.c
    return and_(table.deleted_ms.is_(None), table.heard_ms < before_ms, ~_HELD, ~_LINKED)


def _is(table: Any, unit_id: str, recording: str) -> Any:
    return (table.c.unit_id == unit_id) & (table.c.recording == recording)


async def _counted(connection: AsyncConnection, row: Any) -> RecordingRow:
    unit_id, recording = row.unit_id, row.recording
    counted = (
        await connection.execute(
            select(
                func.count(),
                func.sum(segments.c.received_bytes),
                func.count().filter(segments.c.state == SEALED),
            ).where(_is(segments, unit_id, recording))
        )
    ).one()
    linked = await connection.scalars(
        select(recording_incidents.c.incident_id)
        .where(_is(recording_incidents, unit_id, recording))
        .order_by(recording_incidents.c.incident_id)
    )
    held = (
        select(holds.c.hold_id).where(_is(holds, unit_id, recording), holds.c.released_ms.is_(None)).limit(1)
    )
    return RecordingRow(
        **row._mapping,
        segments=counted[0],
        received_bytes=int(counted[1] or 0),
        sealed=counted[2],
        incident_ids=tuple(linked.all()),
        held=(await connection.execute(held)).first() is not None,
    )
