"""Public keys with which units sign their recordings. None is ever removed: what it signed stays to be checked."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.dialect import insert_or_ignore
from gateway.store.tables import unit_keys


@dataclass(frozen=True, slots=True)
class UnitKey:
    """An Ed25519 public key (32 bytes). `key_id`: protocol.manifest.key_id of it; `generation`: the provisioning."""

    key_id: bytes
    unit_id: str
    public: bytes
    generation: int
    added_ms: int


async def add(connection: AsyncConnection, key: UnitKey) -> None:
    """Keep a key."""
    values = {name: getattr(key, name) for name in UnitKey.__dataclass_fields__}
    await connection.execute(insert_or_ignore(connection, unit_keys), values)


async def find(connection: AsyncConnection, key_id: bytes) -> UnitKey | None:
    """The key of this id, or None."""
    row = (await connection.execute(select(unit_keys).where(unit_keys.c.key_id == key_id))).first()
    return UnitKey(*row) if row is not None else None


async def of_unit(connection: AsyncConnection, unit_id: str) -> list[UnitKey]:
    """All keys that a unit has had, oldest first."""
    query = select(unit_keys).where(unit_keys.c.unit_id == unit_id).order_by(unit_keys.c.generation)
    return [UnitKey(*row) for row in await connection.execute(query)]


async def every(connection: AsyncConnection) -> list[UnitKey]:
    """All keys of all units."""
    query = select(unit_keys).order_by(unit_keys.c.unit_id, unit_keys.c.generation)
    return [UnitKey(*row) for row in await connection.execute(query)]
