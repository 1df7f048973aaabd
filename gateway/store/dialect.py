"""What SQLite and PostgreSQL spell differently: insert or do something else, and being alone."""

from functools import cache
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_or_ignore(connection: AsyncConnection, table: Table) -> Any:
    """`INSERT … ON CONFLICT DO NOTHING` for the connection's dialect."""
    return _insert_or_ignore(connection.dialect.name, table)


@cache
def _insert_or_ignore(dialect: str, table: Table) -> Any:
    module = sqlite if dialect == "sqlite" else postgresql
    return module.insert(table).on_conflict_do_nothing()


def replacing(connection: AsyncConnection, table: Table) -> Any:
    """`INSERT … ON CONFLICT DO UPDATE` of whole rows, for one or many; made once for the connection's dialect."""
    return updating(
        connection, table, tuple(set(table.columns.keys()) - set(table.primary_key.columns.keys()))
    )


def updating(connection: AsyncConnection, table: Table, changed: tuple[str, ...]) -> Any:
    """`INSERT … ON CONFLICT DO UPDATE` that changes these columns only; made once for the connection's dialect."""
    return _updating(connection.dialect.name, table, changed)


@cache
def _updating(dialect: str, table: Table, changed: tuple[str, ...]) -> Any:
    module = sqlite if dialect == "sqlite" else postgresql
    statement = module.insert(table)
    keys = [column.name for column in table.primary_key.columns]
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in changed}
    )


async def upsert(
    connection: AsyncConnection, table: Table, values: dict[str, Any], changed: dict[str, Any] | None
) -> None:
    """Insert `values`; when the key exists, set `changed` instead (None: change nothing)."""
    if changed is None:
        await connection.execute(insert_or_ignore(connection, table).values(values))
        return
    module = sqlite if connection.dialect.name == "sqlite" else postgresql
    keys = [column.name for column in table.primary_key.columns]
    statement = module.insert(table).values(values).on_conflict_do_update(index_elements=keys, set_=changed)
    await connection.execute(statement)


async def alone(connection: AsyncConnection, lock: int) -> None:
    """Wait until no other transaction that asked for this lock (63 bits) is under way. With SQLite it is so already:
    its transactions for writing are one at a time, whatever process they are of."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(lock)))
