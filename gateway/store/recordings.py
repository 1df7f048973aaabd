"""Recordings and their segments in the database.

Statements of what is done with every segment are made once: to make one costs more than to run it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, case, func, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.dialect import insert_or_ignore, updating, upsert
from gateway.store.tables import alarms, incident_events, incidents, recording_incidents, recordings, segments

NAMING_MAX = 20
"""A unit names an alarm in one recording, or two."""
GROWING, WANTED, SEALED, DELETED = "growing", "wanted", "sealed", "deleted"


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A segment as it is stored; see `tables.segments`."""

    unit_id: str
    recording: str
    number: int
    state: str
    received_bytes: int
    first_heard_ms: int
    last_heard_ms: int
    first_ms: int | None = None
    last_ms: int | None = None
    size: int | None = None
    sha256: bytes | None = None
    key_id: bytes | None = None
    seq: int | None = None
    digest: bytes | None = None
    manifest: bytes | None = None
    sealed_ms: int | None = None
    live: str | None = None
    foreign: bool = False
    remote: str | None = None

    @property
    def live_ranges(self) -> list[tuple[int, int]]:
        """What came as it was recorded; empty when that is not known."""
        return [(start, end) for start, end in json.loads(self.live or "[]")]


@dataclass(frozen=True, slots=True)
class Grown:
    """A segment of which bytes came: how many are there, and between which times (ours) they arrived."""

    unit_id: str
    recording: str
    number: int
    received_bytes: int
    first_heard_ms: int
    last_heard_ms: int


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose recordings they are at this time."""

    court_id: str
    officer: str


_FROM_MANIFEST = ("first_ms", "last_ms", "size", "sha256", "key_id", "seq", "digest", "manifest", "state")

# What a segment is found by. SQLAlchemy keeps the columns' own names for what is set.
_RECORDING = (recordings.c.unit_id == bindparam("of_unit")) & (
    recordings.c.recording == bindparam("of_recording")
)
_SEGMENTS = (segments.c.unit_id == bindparam("of_unit")) & (segments.c.recording == bindparam("of_recording"))
_SEGMENT = _SEGMENTS & (segments.c.number == bindparam("of_number"))

_FIND = select(segments).where(_SEGMENT)
_AROUND = select(segments).where(
    segments.c.key_id == bindparam("key_id"), segments.c.seq.between(bindparam("first"), bindparam("last"))
)
_GROW = update(segments).where(_SEGMENT & segments.c.state.in_((GROWING, WANTED)))
_CHANGE = update(segments).where(_SEGMENT)
_SEAL = _CHANGE.values(received_bytes=segments.c.size)
_CHANGE_RECORDING = update(recordings).where(_RECORDING)
_TIMES = select(
    func.min(func.coalesce(segments.c.first_ms, segments.c.first_heard_ms)),
    func.max(func.coalesce(segments.c.last_ms, segments.c.last_heard_ms)),
    func.max(segments.c.last_heard_ms),
).where(_SEGMENTS)
_ALARM_OF = select(recordings.c.alarm_id).where(_RECORDING)
_OF_ALARM = select(alarms.c.incident_id).where(
    alarms.c.alarm_id == bindparam("alarm_id"), alarms.c.unit_id == bindparam("unit_id")
)
_NAMING = (
    select(recordings.c.recording)
    .where(recordings.c.unit_id == bindparam("unit_id"), recordings.c.alarm_id == bindparam("alarm_id"))
    .limit(NAMING_MAX)
)
_ENDED_MS = (
    select(func.max(incident_events.c.at_ms))
    .where(incident_events.c.incident_id == incidents.c.incident_id)
    .scalar_subquery()
)
_OF_TIME = select(incidents.c.incident_id).where(
    (incidents.c.unit_id == bindparam("unit_id"))
    | incidents.c.incident_id.in_(
        select(alarms.c.incident_id).where(alarms.c.unit_id == bindparam("unit_id"))
    ),
    incidents.c.opened_ms <= bindparam("to_ms"),
    incidents.c.live | (bindparam("from_ms") <= _ENDED_MS),
)


def _of(unit_id: str, recording: str, number: int | None = None) -> dict[str, object]:
    """Parameters of _RECORDING, and, with a number, of _SEGMENT."""
    found: dict[str, object] = {"of_unit": unit_id, "of_recording": recording}
    return found if number is None else {**found, "of_number": number}


async def segment(
    connection: AsyncConnection, unit_id: str, recording: str, number: int
) -> SegmentRow | None:
    """One segment, or None."""
    row = (await connection.execute(_FIND, _of(unit_id, recording, number))).first()
    return SegmentRow(**row._mapping) if row is not None else None


async def segments_of(connection: AsyncConnection, unit_id: str, recording: str) -> list[SegmentRow]:
    """All segments of a recording, by number."""
    query = select(segments).where(segments.c.unit_id == unit_id, segments.c.recording == recording)
    return [SegmentRow(**row._mapping) for row in await connection.execute(query.order_by(segments.c.number))]


async def around(connection: AsyncConnection, key_id: bytes, seq: int) -> dict[int, SegmentRow]:
    """The segments at this place of a key's chain, before it and after it."""
    rows = await connection.execute(_AROUND, {"key_id": key_id, "first": seq - 1, "last": seq + 1})
    return {row.seq: SegmentRow(**row._mapping) for row in rows}


async def in_state(connection: AsyncConnection, state: str) -> list[SegmentRow]:
    """All segments in a state."""
    rows = await connection.execute(select(segments).where(segments.c.state == state))
    return [SegmentRow(**row._mapping) for row in rows]


async def kept_bytes(connection: AsyncConnection) -> dict[str, int]:
    """Bytes of sealed segments that are kept, by unit."""
    query = select(segments.c.unit_id, func.sum(segments.c.size)).where(segments.c.state == SEALED)
    return {
        unit_id: int(size) for unit_id, size in await connection.execute(query.group_by(segments.c.unit_id))
    }


async def grow(connection: AsyncConnection, grown: Sequence[Grown], owners: Mapping[str, Owner]) -> None:
    """Bytes of these segments came. What is sealed already is not changed."""
    touched = set()
    for one in grown:
        values = {name: getattr(one, name) for name in Grown.__dataclass_fields__}
        statement = insert_or_ignore(connection, segments)
        done = await connection.execute(statement, {**values, "state": GROWING, "foreign": False})
        if done.rowcount == 0:
            now = {"received_bytes": one.received_bytes, "last_heard_ms": one.last_heard_ms}
            await connection.execute(_GROW, {**_of(one.unit_id, one.recording, one.number), **now})
        touched.add((one.unit_id, one.recording, one.last_heard_ms))
    for unit_id, recording, heard_ms in sorted(touched):
        await _ensure(connection, unit_id, recording, heard_ms, owners[unit_id])
        await _settle(connection, unit_id, recording)


async def grew(connection: AsyncConnection, grown: Sequence[Grown]) -> None:
    """As `grow`, of segments that were written down before and have no manifest yet: in three statements, however many
    they are. What such a segment ends with was just heard, so that its recording's times follow from nothing else."""
    await connection.execute(
        _GREW,
        [
            {
                "of_unit": one.unit_id,
                "of_recording": one.recording,
                "of_number": one.number,
                "bytes": one.received_bytes,
                "heard": one.last_heard_ms,
            }
            for one in grown
        ],
    )
    of_recordings = [
        {"of_unit": one.unit_id, "of_recording": one.recording, "heard": one.last_heard_ms} for one in grown
    ]
    await connection.execute(_LASTED, of_recordings)
    alarmed = set((await connection.scalars(_ALARMED)).all())
    for unit_id, recording in sorted(
        {(one.unit_id, one.recording) for one in grown if one.unit_id in alarmed}
    ):
        await _settle(connection, unit_id, recording)


_GREW = (
    update(segments)
    .where(
        segments.c.unit_id == bindparam("of_unit"),
        segments.c.recording == bindparam("of_recording"),
        segments.c.number == bindparam("of_number"),
        (segments.c.state == GROWING) | (segments.c.state == WANTED),  # a list cannot go with many rows
    )
    .values(received_bytes=bindparam("bytes"), last_heard_ms=bindparam("heard"))
)
_LASTED = (
    update(recordings)
    .where(
        recordings.c.unit_id == bindparam("of_unit"),
        recordings.c.recording == bindparam("of_recording"),
        recordings.c.heard_ms < bindparam("heard"),
    )
    .values(
        to_ms=case((recordings.c.to_ms < bindparam("heard"), bindparam("heard")), else_=recordings.c.to_ms),
        heard_ms=bindparam("heard"),
    )
)
_ALARMED = union(
    select(incidents.c.unit_id).where(incidents.c.live),
    select(alarms.c.unit_id)
    .join(incidents, alarms.c.incident_id == incidents.c.incident_id)
    .where(incidents.c.live),
)
"""Units with an open incident, those whose alarm was put to another's among them."""


async def want(
    connection: AsyncConnection,
    row: SegmentRow,
    owner: Owner,
    *,
    case_no: str | None,
    alarm_id: bytes | None,
    last: bool,
) -> None:
    """A manifest of this segment is believed. last: the recording ends with it."""
    values = {name: getattr(row, name) for name in SegmentRow.__dataclass_fields__}
    await connection.execute(updating(connection, segments, _FROM_MANIFEST), values)
    await _ensure(connection, row.unit_id, row.recording, row.last_heard_ms, owner)
    changed: dict[str, Any] = {}
    if case_no is not None:
        changed["case_no"] = case_no
    if alarm_id is not None:
        changed["alarm_id"] = alarm_id
    if last:
        changed["last_number"] = row.number
    # What a unit brings of a recording that was deleted is kept like any other.
    changed["deleted_ms"] = None
    await connection.execute(_CHANGE_RECORDING, {**_of(row.unit_id, row.recording), **changed})
    await _settle(connection, row.unit_id, row.recording)
    if alarm_id is not None:
        await link_alarm(connection, row.unit_id, row.recording, alarm_id)


async def seal(
    connection: AsyncConnection, unit_id: str, recording: str, number: int, at_ms: int,
    live: Sequence[tuple[int, int]], foreign: bool,
) -> None:  # fmt: skip
    """Its file is whole and on the disk."""
    values = {"state": SEALED, "sealed_ms": at_ms, "live": json.dumps(list(live)), "foreign": foreign}
    await connection.execute(_SEAL, {**_of(unit_id, recording, number), **values})
    # Its alarm may have come after its manifest.
    await link_its_alarm(connection, unit_id, recording)


async def moved(
    connection: AsyncConnection, unit_id: str, recording: str, number: int, remote: str | None
) -> None:
    """Its file is proven to be in the object store, under this name; or not there any more."""
    await connection.execute(_CHANGE, {**_of(unit_id, recording, number), "remote": remote})


async def to_move(connection: AsyncConnection, limit: int, offset: int) -> list[SegmentRow]:
    """Sealed segments that are not in the object store, oldest first, behind the first `offset`."""
    query = select(segments).where(segments.c.state == SEALED, segments.c.remote.is_(None))
    rows = await connection.execute(query.order_by(segments.c.sealed_ms).limit(limit).offset(offset))
    return [SegmentRow(**row._mapping) for row in rows]


async def link_alarm(connection: AsyncConnection, unit_id: str, recording: str, alarm_id: bytes) -> None:
    """The recording belongs to the incident of this alarm."""
    found = await connection.scalars(_OF_ALARM, {"alarm_id": alarm_id, "unit_id": unit_id})
    for incident_id in found.all():
        if incident_id:
            await _link(connection, unit_id, recording, incident_id, "alarm")


async def link_those_of(connection: AsyncConnection, unit_id: str, alarm_id: bytes, incident_id: str) -> None:
    """An alarm came to this incident: the recordings belong to it whose manifests came before and named the alarm. An
    alarm does not wait for more than NAMING_MAX."""
    found = await connection.scalars(_NAMING, {"unit_id": unit_id, "alarm_id": alarm_id})
    for recording in found.all():
        await _link(connection, unit_id, recording, incident_id, "alarm")


async def link_its_alarm(connection: AsyncConnection, unit_id: str, recording: str) -> None:
    """The recording belongs to the incident of the alarm that its manifests name, if that has come."""
    alarm_id = await connection.scalar(_ALARM_OF, _of(unit_id, recording))
    if alarm_id is not None:
        await link_alarm(connection, unit_id, recording, alarm_id)


async def link_by_time(
    connection: AsyncConnection, unit_id: str, recording: str, from_ms: int, to_ms: int
) -> None:
    """The recording belongs to the incidents of its unit that were open while it was made."""
    found = await connection.scalars(_OF_TIME, {"unit_id": unit_id, "from_ms": from_ms, "to_ms": to_ms})
    for incident_id in found.all():
        await _link(connection, unit_id, recording, incident_id, "time")


async def _link(
    connection: AsyncConnection, unit_id: str, recording: str, incident_id: str, how: str
) -> None:
    values = {"unit_id": unit_id, "recording": recording, "incident_id": incident_id, "how": how}
    await upsert(connection, recording_incidents, values, {"how": how} if how == "alarm" else None)


async def _ensure(
    connection: AsyncConnection, unit_id: str, recording: str, heard_ms: int, owner: Owner
) -> None:
    values = {
        "unit_id": unit_id,
        "recording": recording,
        "court_id": owner.court_id,
        "officer": owner.officer,
        "from_ms": heard_ms,
        "to_ms": heard_ms,
        "heard_ms": heard_ms,
    }
    await connection.execute(insert_or_ignore(connection, recordings), values)


async def _settle(connection: AsyncConnection, unit_id: str, recording: str) -> None:
    """Its times follow from its segments': the unit's own UTC where it knew it, else ours; and so do its incidents."""
    recording_of = _of(unit_id, recording)
    from_ms, to_ms, heard_ms = (await connection.execute(_TIMES, recording_of)).one()
    times = {"from_ms": from_ms, "to_ms": max(from_ms, to_ms), "heard_ms": heard_ms}
    await connection.execute(_CHANGE_RECORDING, {**recording_of, **times})
    await link_by_time(connection, unit_id, recording, from_ms, max(from_ms, to_ms))
