"""Keys with which a system watches by RTSP in a person's name, until a day. Of a key its SHA-256 is kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.tables import stream_keys

LISTED_MAX = 500


@dataclass(frozen=True, slots=True)
class StreamKey:
    """`login`: in whose name, with whose rights; `unit_id`: that unit only, None: all that the person sees."""

    key_id: str
    login: str
    note: str
    unit_id: str | None
    created_ms: int
    ends_ms: int
    revoked_ms: int | None = None

    def holds(self, now_ms: int) -> bool:
        """Whether it lets anybody in."""
        return self.revoked_ms is None and now_ms < self.ends_ms


def digest(key: str) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).digest()


async def add(connection: AsyncConnection, one: StreamKey, key: str) -> None:
    """Keep a new one."""
    values = {name: getattr(one, name) for name in StreamKey.__dataclass_fields__}
    await connection.execute(insert(stream_keys).values(sha256=digest(key), **values))


async def find(connection: AsyncConnection, key: str) -> StreamKey | None:
    """By the key itself, whether it holds or not."""
    row = (await connection.execute(_query().where(stream_keys.c.sha256 == digest(key)))).first()
    return StreamKey(*row) if row is not None else None


async def by_id(connection: AsyncConnection, key_id: str) -> StreamKey | None:
    """By its number, whether it holds or not."""
    row = (await connection.execute(_query().where(stream_keys.c.key_id == key_id))).first()
    return StreamKey(*row) if row is not None else None


async def newest(connection: AsyncConnection, login: str | None) -> list[StreamKey]:
    """Those of a person, or of all (None), newest first; at most LISTED_MAX."""
    query = _query().order_by(stream_keys.c.created_ms.desc(), stream_keys.c.key_id).limit(LISTED_MAX)
    if login is not None:
        query = query.where(stream_keys.c.login == login)
    return [StreamKey(*row) for row in await connection.execute(query)]


async def holding(connection: AsyncConnection, login: str, now_ms: int) -> int:
    """How many of a person's hold."""
    table = stream_keys.c
    query = select(func.count()).where(
        table.login == login, table.revoked_ms.is_(None), table.ends_ms > now_ms
    )
    return int((await connection.execute(query)).scalar_one())


async def revoke(connection: AsyncConnection, key_id: str, now_ms: int) -> bool:
    """From now on it lets nobody in; whether it did before."""
    table = stream_keys.c
    done = await connection.execute(
        update(stream_keys)
        .where(table.key_id == key_id, table.revoked_ms.is_(None))
        .values(revoked_ms=now_ms)
    )
    return bool(done.rowcount)


def _query() -> Select[Any]:
    return select(*(stream_keys.c[name] for name in StreamKey.__dataclass_fields__))
