"""Migrations of the database, looked for at every start."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

HERE = Path(__file__).parent
NEWEST = max(path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*_*.py"))
"""The newest schema's revision: the files are named and sorted by theirs."""


def upgrade(connection: Connection) -> None:
    """Bring the database of `connection` to the newest schema, within its transaction."""
    if is_newest(connection):
        return
    # A schema seldom changes, and Alembic, with the dialect of every database, takes a tenth of a start to import.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def is_newest(connection: Connection) -> bool:
    """Whether the database of `connection` has the newest schema."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    return connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [NEWEST]
