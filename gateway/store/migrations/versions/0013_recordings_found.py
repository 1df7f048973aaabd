"""Recordings of an alarm and of a time are found by an index, and so is what is to be moved next."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.create_index("recordings_by_alarm", ["unit_id", "alarm_id"], unique=False)
    with op.batch_alter_table("alarms", schema=None) as batch_op:
        batch_op.create_index("alarms_by_unit", ["unit_id", "incident_id"], unique=False)
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.create_index("incidents_by_unit", ["unit_id"], unique=False)
    with op.batch_alter_table("segments", schema=None) as batch_op:
        batch_op.drop_index("segments_by_state")
        batch_op.create_index("segments_by_state", ["state", "remote", "sealed_ms"], unique=False)
