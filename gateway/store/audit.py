"""The audit: who looked at, or changed, what. Each row carries the hash of the one before and itself."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model import AuditEntry
from gateway.store.database import Store
from gateway.store.dialect import alone
from gateway.store.tables import audit

FIRST = bytes(32)
LOCK = 0x7469_7073_7461_6666
"""A command beside the gateway writes as well: who comes second waits, and is chained to the first."""


async def record(
    connection: AsyncConnection, at_ms: int, login: str, action: str, subject: str, facts: dict[str, object]
) -> None:
    """Append an entry within the transaction of what it tells of, so that neither is without the other."""
    await alone(connection, LOCK)
    last = (
        await connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1))
    ).first()
    seq, before = (last.seq + 1, last.hash) if last is not None else (1, FIRST)
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    await connection.execute(
        insert(audit).values(
            seq=seq,
            at_ms=at_ms,
            login=login,
            action=action,
            subject=subject,
            facts=text,
            hash=_link(before, seq, at_ms, login, action, subject, text),
        )
    )


async def note(
    store: Store, at_ms: int, login: str, action: str, subject: str, facts: dict[str, object] | None = None
) -> None:
    """Append an entry by itself: somebody looked at something."""

    async def job(connection: AsyncConnection) -> None:
        await record(connection, at_ms, login, action, subject, facts or {})

    await store.write(job, together=True)


async def entries(connection: AsyncConnection, after_seq: int = 0, limit: int = 100) -> list[AuditEntry]:
    """Entries in order, from the one after `after_seq`."""
    rows = await connection.execute(
        select(audit).where(audit.c.seq > after_seq).order_by(audit.c.seq).limit(limit)
    )
    return [_entry(row) for row in rows]


async def of_actions(
    connection: AsyncConnection, actions: Sequence[str], looked_back: int
) -> list[AuditEntry]:
    """Entries of these actions among the newest `looked_back` of all, in order."""
    last = (await connection.execute(select(func.max(audit.c.seq)))).scalar() or 0
    rows = await connection.execute(
        select(audit)
        .where(audit.c.seq > last - looked_back, audit.c.action.in_(actions))
        .order_by(audit.c.seq)
    )
    return [_entry(row) for row in rows]


async def first_broken(connection: AsyncConnection) -> int | None:
    """The first entry that was changed, or comes after one that is missing; None if the chain is whole."""
    before, expected = FIRST, 1
    for row in await connection.execute(select(audit).order_by(audit.c.seq)):
        link = _link(before, row.seq, row.at_ms, row.login, row.action, row.subject, row.facts)
        if row.seq != expected or row.hash != link:
            return expected
        before, expected = row.hash, expected + 1
    return None


def _entry(row: Row[Any]) -> AuditEntry:
    facts = json.loads(row.facts)
    return AuditEntry(row.seq, row.at_ms, row.login, row.action, row.subject, facts, row.hash.hex())


def _link(before: bytes, *parts: object) -> bytes:
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(before + text.encode()).digest()
