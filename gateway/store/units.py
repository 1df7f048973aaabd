"""Units and courts in the database."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model import Court, Level, Unit, UnitStatus
from gateway.store.dialect import replacing, upsert
from gateway.store.tables import courts, duty, revoked, unit_states, units

_STATE_FIELDS = (
    "battery_pct",
    "battery_mv",
    "charging",
    "storage_free_kib",
    "storage_total_kib",
    "signal_dbm",
    "network",
    "recording",
    "firmware",
    "case_no",
    "uptime_s",
    "clock_quality",
    "last_error",
    "clock_offset_ms",
    "speaker",
)


async def all_courts(connection: AsyncConnection) -> list[Court]:
    """Every court, by id."""
    rows = await connection.execute(select(courts).order_by(courts.c.court_id))
    return [
        Court(
            row.court_id,
            row.name,
            Level(row.level),
            row.parent_id,
            row.lat_e7,
            row.lon_e7,
            row.on_duty,
            row.placeholder,
            row.source,
        )
        for row in rows
    ]


async def save_courts(connection: AsyncConnection, imported: Iterable[Court]) -> None:
    """Add these courts or replace those of the same id. Their duty is kept as it is in the database."""
    for court in imported:
        values = {name: getattr(court, name) for name in Court.__dataclass_fields__}
        values["level"] = str(court.level)
        kept = {name: value for name, value in values.items() if name not in ("court_id", "on_duty")}
        await upsert(connection, courts, values, kept)


async def set_duty(connection: AsyncConnection, court_id: str, on_duty: bool, by: str, at_ms: int) -> None:
    """Change a court's duty and write down who did."""
    await connection.execute(update(courts).where(courts.c.court_id == court_id).values(on_duty=on_duty))
    await connection.execute(insert(duty).values(court_id=court_id, at_ms=at_ms, on_duty=on_duty, by=by))


async def all_units(connection: AsyncConnection) -> list[Unit]:
    """Every registered unit, the revoked ones too, by id."""
    return [_unit(row) for row in await connection.execute(select(units).order_by(units.c.unit_id))]


async def find_unit(connection: AsyncConnection, unit_id: str) -> Unit | None:
    """One unit, or None."""
    row = (await connection.execute(select(units).where(units.c.unit_id == unit_id))).first()
    return _unit(row) if row is not None else None


async def save_unit(connection: AsyncConnection, unit: Unit) -> None:
    """Register a unit, or replace its entry."""
    await save_units(connection, [unit])


async def save_units(connection: AsyncConnection, registered: Sequence[Unit]) -> None:
    """Register units, or replace their entries."""
    names = [column.name for column in units.columns]
    rows = [{name: getattr(unit, name) for name in names} for unit in registered]
    if rows:
        await connection.execute(replacing(connection, units), rows)


async def note_revoked(connection: AsyncConnection, serial_hex: str, unit_id: str, at_ms: int) -> None:
    """Remember a certificate that must not be accepted any more."""
    await upsert(connection, revoked, {"serial_hex": serial_hex, "unit_id": unit_id, "at_ms": at_ms}, None)


async def revoked_serials(connection: AsyncConnection) -> list[str]:
    """Serial numbers of all certificates that were replaced or revoked."""
    return list(await connection.scalars(select(revoked.c.serial_hex).order_by(revoked.c.serial_hex)))


async def save_state(connection: AsyncConnection, status: UnitStatus) -> None:
    """Keep what a unit last said of itself."""
    await save_states(connection, [status])


async def save_states(connection: AsyncConnection, statuses: Sequence[UnitStatus]) -> None:
    """Keep what units last said of themselves."""
    if statuses:
        await connection.execute(replacing(connection, unit_states), [_state(status) for status in statuses])


def _state(status: UnitStatus) -> dict[str, object]:
    state = {name: getattr(status, name) for name in _STATE_FIELDS}
    state["counters"] = {str(number): count for number, count in status.counters.items()}
    return {
        "unit_id": status.unit.unit_id,
        "seen_ms": status.seen_ms or 0,
        "boot": status.boot,
        "session": status.session,
        "online": status.online,
        "wire_court": status.wire_court or "",
        "state": json.dumps(state, ensure_ascii=False),
    }


async def all_states(connection: AsyncConnection, register: dict[str, Unit]) -> list[UnitStatus]:
    """The last state of every unit that was heard; units in no register are marked so."""
    found = []
    for row in await connection.execute(select(unit_states)):
        state = json.loads(row.state)
        counters = {int(number): count for number, count in state.pop("counters").items()}
        found.append(
            UnitStatus(
                unit=register.get(row.unit_id) or unknown_unit(row.unit_id, row.wire_court),
                online=row.online,
                seen_ms=row.seen_ms,
                boot=row.boot,
                session=row.session,
                wire_court=row.wire_court or None,
                counters=counters,
                **state,
            )
        )
    return found


def unknown_unit(unit_id: str, court_id: str) -> Unit:
    """A unit that was heard and is in no register."""
    return Unit(unit_id, court_id, known=False)


def _unit(row: Row[tuple[object, ...]]) -> Unit:
    return Unit(
        row.unit_id,
        row.court_id,
        row.officer,
        row.cancel_code,
        row.registered_ms,
        row.revoked_ms,
        row.generation,
        row.serial_hex,
        certificate_ends_ms=row.certificate_ends_ms,
    )
