"""Positions in the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, cast, delete, func, literal, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model import Fix
from gateway.store.dialect import insert_or_ignore
from gateway.store.tables import fixes, unit_states

REMOVED_AT_ONCE = 2_000


async def add(connection: AsyncConnection, found: Sequence[tuple[str, Fix]]) -> None:
    """Store (unit_id, fix) pairs; those that are there already change nothing."""
    if found:
        rows = [_values(unit_id, fix) for unit_id, fix in found]
        await connection.execute(insert_or_ignore(connection, fixes), rows)


async def track(
    connection: AsyncConnection, unit_id: str, since_ms: int, limit: int, until_ms: int | None = None
) -> list[Fix]:
    """The newest `limit` positions of a unit that arrived between two times, oldest first."""
    query = select(fixes).where(fixes.c.unit_id == unit_id, fixes.c.received_ms >= since_ms)
    if until_ms is not None:
        query = query.where(fixes.c.received_ms <= until_ms)
    newest = (fixes.c.received_ms.desc(), fixes.c.boot.desc(), fixes.c.mono_ms.desc())
    rows = await connection.execute(query.order_by(*newest).limit(limit))
    return [_fix(row) for row in reversed(rows.all())]


async def newest(connection: AsyncConnection, unit_id: str) -> Fix | None:
    """The last usable position of a unit, or None."""
    query = select(fixes).where(
        fixes.c.unit_id == unit_id, fixes.c.fault.is_(None) | (fixes.c.fault == "future")
    )
    order = (fixes.c.received_ms.desc(), fixes.c.boot.desc(), fixes.c.mono_ms.desc())
    row = (await connection.execute(query.order_by(*order).limit(1))).first()
    return _fix(row) if row is not None else None


async def last_places(connection: AsyncConnection, since_ms: int, at_ms: int) -> list[tuple[str, int, int]]:
    """(unit_id, lat_e7, lon_e7) of every unit by the last usable position that arrived between two times. Two seeks a
    unit, however many positions there are."""

    def last(column: Any) -> Any:
        query = select(column).where(fixes.c.unit_id == unit_states.c.unit_id)
        query = query.where(fixes.c.received_ms.between(since_ms, at_ms))
        query = query.where(fixes.c.fault.is_(None) | (fixes.c.fault == "future"))
        order = (fixes.c.received_ms.desc(), fixes.c.boot.desc(), fixes.c.mono_ms.desc())
        return query.order_by(*order).limit(1).scalar_subquery()

    rows = await connection.execute(
        select(unit_states.c.unit_id, last(fixes.c.lat_e7).label("lat"), last(fixes.c.lon_e7).label("lon"))
    )
    return [(row.unit_id, row.lat, row.lon) for row in rows if row.lat is not None]


async def between(
    connection: AsyncConnection, unit_id: str, from_ms: int, to_ms: int, most: int
) -> tuple[list[Fix], bool]:
    """What a unit sent that arrived between two times, oldest first, and whether it is not all. When there are more
    than `most`, time is cut into that many steps and what arrived first in each is taken, so that the work is bounded
    however long it was."""
    own = (fixes.c.unit_id == unit_id) & fixes.c.received_ms.between(from_ms, to_ms)
    order = (fixes.c.received_ms, fixes.c.boot, fixes.c.mono_ms)
    rows = (await connection.execute(select(fixes).where(own).order_by(*order).limit(most + 1))).all()
    if len(rows) <= most:
        return [_fix(row) for row in rows], False
    step_ms = (to_ms - from_ms) // most + 1
    steps = select(literal(from_ms, BigInteger).label("at_ms")).cte("steps", recursive=True)
    steps = steps.union_all(
        select(cast(steps.c.at_ms + step_ms, BigInteger)).where(steps.c.at_ms + step_ms <= to_ms)
    )
    other = fixes.alias()
    first_ms = (
        select(func.min(other.c.received_ms))
        .where(other.c.unit_id == unit_id, other.c.received_ms >= steps.c.at_ms)
        .where(other.c.received_ms < steps.c.at_ms + step_ms)
        .scalar_subquery()
    )
    # A list that is made first: joined, the steps would be gone through once for every position.
    picked = select(first_ms).select_from(steps)
    query = select(fixes).where(fixes.c.unit_id == unit_id, fixes.c.received_ms.in_(picked))
    rows = (await connection.execute(query.order_by(*order).limit(4 * most))).all()
    every = -(-len(rows) // most)
    return [_fix(row) for row in rows[::every]], True


async def next_ms(connection: AsyncConnection, unit_id: str, from_ms: int) -> int | None:
    """When the first position of a unit arrived that came at this time or later; None: there is none."""
    own = (fixes.c.unit_id == unit_id) & (fixes.c.received_ms >= from_ms)
    found: int | None = await connection.scalar(select(func.min(fixes.c.received_ms)).where(own))
    return found


async def remove_old(connection: AsyncConnection, unit_id: str, before_ms: int) -> int:
    """Remove what this unit sent before then, about 2,000 rows at most; returns how many went."""
    old = (fixes.c.unit_id == unit_id) & (fixes.c.received_ms < before_ms)
    order = select(fixes.c.received_ms).where(old).order_by(fixes.c.received_ms)
    last_ms = (await connection.scalars(order.offset(REMOVED_AT_ONCE - 1).limit(1))).first()
    bound = old if last_ms is None else old & (fixes.c.received_ms <= last_ms)
    return (await connection.execute(delete(fixes).where(bound))).rowcount


async def count(connection: AsyncConnection) -> int:
    """How many positions there are."""
    return (await connection.execute(select(func.count()).select_from(fixes))).scalar_one()


async def unit_ids(connection: AsyncConnection) -> list[str]:
    """The units that have positions."""
    return list(await connection.scalars(select(fixes.c.unit_id).distinct()))


def _values(unit_id: str, fix: Fix) -> dict[str, Any]:
    return {
        "unit_id": unit_id,
        "boot": fix.boot,
        "mono_ms": fix.mono_ms,
        "taken_ms": fix.taken_ms or 0,
        "received_ms": fix.received_ms,
        "clock_quality": fix.clock_quality,
        "lat_e7": fix.lat_e7,
        "lon_e7": fix.lon_e7,
        "accuracy_dm": fix.accuracy_dm,
        "speed_cm_s": fix.speed_cm_s,
        "course_cdeg": fix.course_cdeg,
        "altitude_dm": fix.altitude_dm,
        "satellites": fix.satellites,
        "quality": fix.quality,
        "fault": fix.fault,
    }


def _fix(row: Row[Any]) -> Fix:
    return Fix(
        row.lat_e7,
        row.lon_e7,
        row.accuracy_dm,
        row.speed_cm_s,
        row.course_cdeg,
        row.altitude_dm,
        row.satellites,
        row.quality,
        row.taken_ms or None,
        row.clock_quality,
        row.mono_ms,
        row.boot,
        row.received_ms,
        row.fault,
    )
