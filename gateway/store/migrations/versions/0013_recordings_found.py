"""The recordings of an alarm are found when it comes after them."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.create_index("recordings_by_alarm", ["unit_id", "alarm_id"], unique=False)
