"""Shifts in the database: the checks at their start, and the notes that one leaves to the next.

Both are kept in bounded numbers, the newest; that they were made stays in the audit.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import CursorResult, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model import ShiftCheck, ShiftNote, User
from gateway.store.dialect import insert_or_ignore
from gateway.store.tables import shift_checks, shift_notes, shift_seen

KEPT = 10_000
#: Notes looked through for those that a person sees.
LOOKED_AT = 1_000
PAGE = 100


async def add_check(connection: AsyncConnection, login: str, check: ShiftCheck, *, kept: int = KEPT) -> None:
    """Keep a check, and the `kept` newest of all."""
    values = {name: getattr(check, name) for name in ("at_ms", "sound", "light", "device", "note_seen")}
    done = await connection.execute(insert(shift_checks).values(login=login, **values))
    oldest = _number(done) - kept
    await connection.execute(delete(shift_checks).where(shift_checks.c.check_id <= oldest))


async def last_check(connection: AsyncConnection, login: str) -> ShiftCheck | None:
    """The newest check of a person, or None."""
    newest = shift_checks.c.check_id.desc()
    query = select(shift_checks).where(shift_checks.c.login == login).order_by(newest).limit(1)
    row = (await connection.execute(query)).first()
    return None if row is None else ShiftCheck(row.at_ms, row.sound, row.light, row.device, row.note_seen)


async def add_note(
    connection: AsyncConnection, at_ms: int, user: User, name: str, text: str, *, kept: int = KEPT
) -> ShiftNote:
    """Keep a note of `user`, who stands there as `name`, and the `kept` newest of all."""
    values = {"at_ms": at_ms, "login": user.login, "name": name, "court_id": user.court_id, "text": text}
    done = await connection.execute(insert(shift_notes).values(values))
    note_id = _number(done)
    for table in (shift_notes, shift_seen):
        await connection.execute(delete(table).where(table.c.note_id <= note_id - kept))
    return ShiftNote(note_id, at_ms, user.login, name, user.court_id, text)


async def newest_notes(
    connection: AsyncConnection, sees: Callable[[str | None], bool], limit: int
) -> list[ShiftNote]:
    """The newest notes of the courts that `sees`, newest first, with who has read each."""
    found: list[ShiftNote] = []
    before, looked_at = None, 0
    while len(found) < limit and looked_at < LOOKED_AT:
        query = select(shift_notes).order_by(shift_notes.c.note_id.desc()).limit(PAGE)
        if before is not None:
            query = query.where(shift_notes.c.note_id < before)
        rows = (await connection.execute(query)).all()
        found += [
            ShiftNote(row.note_id, row.at_ms, row.login, row.name, row.court_id, row.text)
            for row in rows
            if sees(row.court_id)
        ]
        if len(rows) < PAGE:
            break
        before, looked_at = rows[-1].note_id, looked_at + len(rows)
    return await _with_readers(connection, found[:limit])


async def mark_seen(
    connection: AsyncConnection, note_ids: Iterable[int], login: str, name: str, at_ms: int
) -> None:
    """Remember that a person has read these notes; the first time counts."""
    rows = [{"note_id": note_id, "login": login, "name": name, "at_ms": at_ms} for note_id in note_ids]
    if rows:
        await connection.execute(insert_or_ignore(connection, shift_seen), rows)


def _number(done: CursorResult[Any]) -> int:
    """The key that an insert was given."""
    key = done.inserted_primary_key
    assert key is not None
    return int(key[0])


async def _with_readers(connection: AsyncConnection, notes: list[ShiftNote]) -> list[ShiftNote]:
    query = select(shift_seen).where(shift_seen.c.note_id.in_([note.note_id for note in notes]))
    readers: dict[int, dict[str, str]] = {}
    for row in await connection.execute(query.order_by(shift_seen.c.at_ms, shift_seen.c.login)):
        readers.setdefault(row.note_id, {})[row.login] = row.name
    return [note.read_by(readers.get(note.note_id, {})) for note in notes]
