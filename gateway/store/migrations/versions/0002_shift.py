"""The start-of-shift check, and notes from one shift to the next."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "shift_checks",
        sa.Column("check_id", number, autoincrement=True, nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("sound", sa.Boolean(), nullable=False),
        sa.Column("light", sa.Boolean(), nullable=False),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("note_seen", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("check_id"),
    )
    with op.batch_alter_table("shift_checks", schema=None) as batch_op:
        batch_op.create_index("shift_checks_by_login", ["login", "check_id"], unique=False)

    op.create_table(
        "shift_notes",
        sa.Column("note_id", number, autoincrement=True, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("court_id", sa.String(length=16), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("note_id"),
    )
    op.create_table(
        "shift_seen",
        sa.Column("note_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("note_id", "login"),
    )
