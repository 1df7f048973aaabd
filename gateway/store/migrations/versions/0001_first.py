"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("alarm_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("court_id", sa.String(length=16), nullable=True),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("pressed_ms", sa.BigInteger(), nullable=True),
        sa.Column("pressed_quality", sa.Integer(), nullable=False),
        sa.Column("pressed_mono_ms", sa.BigInteger(), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("fix", sa.Text(), nullable=True),
        sa.Column("fix_age_ms", sa.BigInteger(), nullable=True),
        sa.Column("case_no", sa.Text(), nullable=True),
        sa.Column("ref", sa.LargeBinary(length=16), nullable=True),
        sa.Column("code", sa.BigInteger(), nullable=True),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("alarm_id", "unit_id"),
    )
    with op.batch_alter_table("alarms", schema=None) as batch_op:
        batch_op.create_index("alarms_by_incident", ["incident_id"], unique=False)

    op.create_table(
        "audit",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "courts",
        sa.Column("court_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("parent_id", sa.String(length=16), nullable=True),
        sa.Column("lat_e7", sa.BigInteger(), nullable=False),
        sa.Column("lon_e7", sa.BigInteger(), nullable=False),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.Column("placeholder", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("court_id"),
    )
    op.create_table(
        "duty",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("court_id", sa.String(length=16), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "fixes",
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("boot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mono_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("taken_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("clock_quality", sa.Integer(), nullable=False),
        sa.Column("lat_e7", sa.BigInteger(), nullable=False),
        sa.Column("lon_e7", sa.BigInteger(), nullable=False),
        sa.Column("accuracy_dm", sa.BigInteger(), nullable=True),
        sa.Column("speed_cm_s", sa.BigInteger(), nullable=True),
        sa.Column("course_cdeg", sa.Integer(), nullable=True),
        sa.Column("altitude_dm", sa.Integer(), nullable=True),
        sa.Column("satellites", sa.Integer(), nullable=False),
        sa.Column("quality", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("unit_id", "boot", "mono_ms", "taken_ms"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("fixes", schema=None) as batch_op:
        batch_op.create_index("fixes_by_arrival", ["unit_id", "received_ms"], unique=False)

    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("court_id", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("deadline_ms", sa.BigInteger(), nullable=True),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id"),
    )
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.create_index("incidents_by_opening", ["live", "opened_ms", "incident_id"], unique=False)

    op.create_table(
        "receipts",
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("alarm_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("court_name", sa.Text(), nullable=True),
        sa.Column("eta_s", sa.BigInteger(), nullable=True),
        sa.Column("felt_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("unit_id", "alarm_id", "seq"),
    )
    with op.batch_alter_table("receipts", schema=None) as batch_op:
        batch_op.create_index("receipts_by_incident", ["incident_id"], unique=False)
        batch_op.create_index("receipts_by_time", ["at_ms"], unique=False)

    op.create_table(
        "revoked",
        sa.Column("serial_hex", sa.String(length=64), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("serial_hex"),
    )
    op.create_table(
        "unit_states",
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("session", sa.BigInteger(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("wire_court", sa.String(length=16), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("unit_id"),
    )
    op.create_table(
        "units",
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("court_id", sa.String(length=16), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("cancel_code", sa.Integer(), nullable=False),
        sa.Column("registered_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_ms", sa.BigInteger(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("serial_hex", sa.String(length=64), nullable=False),
        sa.Column("certificate_ends_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("unit_id"),
    )
    op.create_table(
        "users",
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("court_id", sa.String(length=16), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("login"),
    )
    op.create_table(
        "web_sessions",
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    with op.batch_alter_table("web_sessions", schema=None) as batch_op:
        batch_op.create_index("web_sessions_by_expiry", ["expires_ms"], unique=False)

    op.create_table(
        "incident_events",
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.incident_id"],
        ),
        sa.PrimaryKeyConstraint("incident_id", "seq"),
    )
