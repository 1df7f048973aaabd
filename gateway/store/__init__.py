"""The database: tables, migrations, one writer, and the queries of each noun in a module of its own."""

from gateway.store.database import Store

__all__ = ["Store"]
