"""Signing keys of units, recordings, their segments, holds, and the incidents that they belong to."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unit_keys",
        sa.Column("key_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("added_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
    )
    with op.batch_alter_table("unit_keys", schema=None) as batch_op:
        batch_op.create_index("unit_keys_by_unit", ["unit_id"], unique=False)

    op.create_table(
        "recordings",
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.String(length=16), nullable=False),
        sa.Column("court_id", sa.String(length=16), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("case_no", sa.Text(), nullable=True),
        sa.Column("alarm_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("heard_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=True),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("unit_id", "recording"),
    )
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.create_index("recordings_by_time", ["from_ms", "unit_id", "recording"], unique=False)
        batch_op.create_index("recordings_by_court", ["court_id", "from_ms"], unique=False)
        batch_op.create_index("recordings_by_age", ["deleted_ms", "heard_ms"], unique=False)

    op.create_table(
        "segments",
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.String(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("received_bytes", sa.BigInteger(), nullable=False),
        sa.Column("first_heard_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_heard_ms", sa.BigInteger(), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_ms", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("key_id", sa.LargeBinary(length=8), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("manifest", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_ms", sa.BigInteger(), nullable=True),
        sa.Column("live", sa.Text(), nullable=True),
        sa.Column("foreign", sa.Boolean(), nullable=False),
        sa.Column("remote", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("unit_id", "recording", "number"),
    )
    with op.batch_alter_table("segments", schema=None) as batch_op:
        batch_op.create_index("segments_by_chain", ["key_id", "seq"], unique=False)
        batch_op.create_index("segments_by_state", ["state", "remote"], unique=False)

    op.create_table(
        "recording_incidents",
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.String(length=16), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("how", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "recording", "incident_id"),
    )
    with op.batch_alter_table("recording_incidents", schema=None) as batch_op:
        batch_op.create_index("recording_incidents_by_incident", ["incident_id"], unique=False)

    op.create_table(
        "holds",
        sa.Column(
            "hold_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.String(length=16), nullable=False),
        sa.Column("placed_ms", sa.BigInteger(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("released_ms", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("hold_id"),
    )
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.create_index("holds_by_recording", ["unit_id", "recording"], unique=False)
