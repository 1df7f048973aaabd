"""Incidents, their log, alarms and receipts in the database. Snapshots and events are JSON text here."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model import AlarmRecord, Told
from gateway.store.dialect import insert_or_ignore
from gateway.store.tables import alarms, incident_events, incidents, receipts

_HASH = re.compile(r"\b[0-9a-f]{64}\b")
# Built once: on an alarm's way, building a statement took longer than running it.
_INSERT_INCIDENT = insert(incidents)
_UPDATE_INCIDENT = update(incidents).where(incidents.c.incident_id == bindparam("key"))
_INSERT_EVENT = insert(incident_events)


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident as it is stored. `deadline_ms`: the nearest of its timers."""

    incident_id: str
    unit_id: str
    court_id: str | None
    state: str
    live: bool
    version: int
    opened_ms: int
    deadline_ms: int | None
    snapshot: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One row of an incident's log. `seq` is the version that the event made."""

    incident_id: str
    seq: int
    at_ms: int
    name: str
    by: str | None
    event: str
    hash: bytes


async def save(connection: AsyncConnection, row: IncidentRow) -> None:
    """Insert an incident of version 1, update a later one."""
    values = asdict(row)
    if row.version == 1:
        await connection.execute(_INSERT_INCIDENT, values)
    else:
        values["key"] = values.pop("incident_id")
        await connection.execute(_UPDATE_INCIDENT, values)


async def add_events(connection: AsyncConnection, rows: Sequence[EventRow]) -> None:
    """Append to the log."""
    await connection.execute(_INSERT_EVENT, [asdict(row) for row in rows])


class AlreadyStored(Exception):
    """This alarm's id is in the database: it is a repeat."""


async def add_alarm(connection: AsyncConnection, alarm: AlarmRecord) -> None:
    """Store an alarm. Raises AlreadyStored, so that the whole transaction is undone."""
    values: dict[str, Any] = {name: getattr(alarm, name) for name in AlarmRecord.__dataclass_fields__}
    values["fix"] = json.dumps(asdict(alarm.fix)) if alarm.fix is not None else None
    values["incident_id"] = alarm.incident_id or ""
    done = await connection.execute(insert_or_ignore(connection, alarms), values)
    if done.rowcount == 0:
        raise AlreadyStored(alarm.alarm_id.hex())


async def add_receipts(connection: AsyncConnection, told: Sequence[Told]) -> None:
    """Store what units are told."""
    if told:
        await connection.execute(insert_or_ignore(connection, receipts), [asdict(one) for one in told])


async def mark_felt(
    connection: AsyncConnection, unit_id: str, alarm_id: bytes, seq: int, felt_ms: int
) -> None:
    """A unit's reply: this receipt was felt. The first time counts."""
    await connection.execute(
        update(receipts)
        .where(receipts.c.unit_id == unit_id, receipts.c.alarm_id == alarm_id, receipts.c.seq == seq)
        .where(receipts.c.felt_ms.is_(None))
        .values(felt_ms=felt_ms)
    )


async def live_snapshots(connection: AsyncConnection) -> list[str]:
    """Snapshots of the incidents that are not over, oldest first."""
    query = select(incidents.c.snapshot).where(incidents.c.live)
    return list(await connection.scalars(query.order_by(incidents.c.opened_ms, incidents.c.incident_id)))


async def snapshot(connection: AsyncConnection, incident_id: str) -> str | None:
    """The snapshot of one incident, or None."""
    query = select(incidents.c.snapshot).where(incidents.c.incident_id == incident_id)
    return (await connection.scalars(query)).first()


async def snapshots(connection: AsyncConnection, incident_ids: Sequence[str]) -> dict[str, str]:
    """Snapshots by id, of those that there are."""
    query = select(incidents.c.incident_id, incidents.c.snapshot)
    rows = await connection.execute(query.where(incidents.c.incident_id.in_(incident_ids)))
    return {row.incident_id: row.snapshot for row in rows}


async def events(connection: AsyncConnection, incident_id: str) -> list[EventRow]:
    """The log of an incident, oldest first."""
    return await events_of(connection, [incident_id])


async def events_of(connection: AsyncConnection, incident_ids: Sequence[str]) -> list[EventRow]:
    """The logs of some incidents, each oldest first."""
    query = select(incident_events).where(incident_events.c.incident_id.in_(incident_ids))
    return [
        EventRow(row.incident_id, row.seq, row.at_ms, row.name, row.by, row.event, row.hash)
        for row in await connection.execute(
            query.order_by(incident_events.c.incident_id, incident_events.c.seq)
        )
    ]


async def attached(connection: AsyncConnection) -> set[str]:
    """The hashes of all files that the logs of incidents name."""
    query = select(incident_events.c.event).where(incident_events.c.name == "attach")
    return {found for event in await connection.scalars(query) for found in _HASH.findall(event)}


async def told(connection: AsyncConnection, incident_id: str) -> list[Told]:
    """The receipts of an incident, oldest first."""
    return await told_of(connection, [incident_id])


async def told_of(connection: AsyncConnection, incident_ids: Sequence[str]) -> list[Told]:
    """The receipts of some incidents, each oldest first."""
    query = select(receipts).where(receipts.c.incident_id.in_(incident_ids)).order_by(receipts.c.seq)
    return [_told(row) for row in await connection.execute(query)]


async def newest_told(connection: AsyncConnection, unit_id: str, alarm_id: bytes) -> Told | None:
    """The newest receipt of a unit's alarm."""
    query = select(receipts).where(receipts.c.unit_id == unit_id, receipts.c.alarm_id == alarm_id)
    row = (await connection.execute(query.order_by(receipts.c.seq.desc()).limit(1))).first()
    return _told(row) if row is not None else None


async def highest_seq(connection: AsyncConnection, alarm_ids: Sequence[bytes]) -> int:
    """The highest number of any receipt of these alarms, 0 if there is none."""
    query = select(func.max(receipts.c.seq)).where(receipts.c.alarm_id.in_(alarm_ids))
    return (await connection.scalar(query)) or 0


async def not_felt(connection: AsyncConnection, since_ms: int) -> list[Told]:
    """The newest receipt of every alarm told since then, if it was not felt."""
    query = select(receipts).where(receipts.c.at_ms >= since_ms).order_by(receipts.c.seq)
    newest = {(row.unit_id, row.alarm_id): _told(row) for row in await connection.execute(query)}
    return [told for told in newest.values() if told.felt_ms is None]


async def last_number(connection: AsyncConnection, day: str) -> int:
    """The highest NNNN of the ids `I-<day>-NNNN`, 0 if there is none; the day is YYYYMMDD in UTC."""
    query = select(incidents.c.incident_id).where(incidents.c.incident_id.like(f"I-{day}-%"))
    return max((int(found.rpartition("-")[2]) for found in await connection.scalars(query)), default=0)


def _told(row: Row[Any]) -> Told:
    return Told(
        row.incident_id,
        row.alarm_id,
        row.seq,
        row.status,
        row.at_ms,
        row.by,
        row.court_name,
        row.eta_s,
        row.felt_ms,
        row.unit_id,
    )
