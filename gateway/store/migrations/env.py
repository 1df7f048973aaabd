"""What Alembic runs; the connection comes from `upgrade`, or from `alembic -x url=` in development."""

from alembic import context
from sqlalchemy import create_engine

from gateway.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    connection = create_engine(context.get_x_argument(as_dictionary=True)["url"]).connect()
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
