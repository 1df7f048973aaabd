"""Talks: who spoke to which officer, and the file of what was said."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "talks",
        sa.Column("talk", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("court_id", sa.String(length=16), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=True),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aloud", sa.Boolean(), nullable=False),
        sa.Column("call", sa.Boolean(), nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(length=16), nullable=True),
        sa.Column("packets", sa.Integer(), nullable=True),
        sa.Column("dropped", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("talk"),
    )
    with op.batch_alter_table("talks", schema=None) as batch_op:
        batch_op.create_index("talks_by_unit", ["unit_id", "began_ms", "talk"], unique=False)
        batch_op.create_index("talks_by_incident", ["incident_id"], unique=False)
        batch_op.create_index("talks_by_age", ["deleted_ms", "began_ms"], unique=False)
