"""Rooms for special needs, and why somebody in doubt was let in."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("exam_room") as batch_op:
        batch_op.add_column(sa.Column("special", sa.Boolean(), server_default="0", nullable=False))
    with op.batch_alter_table("check_in") as batch_op:
        batch_op.add_column(sa.Column("override", sa.String(200), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("check_in") as batch_op:
        batch_op.drop_column("override")
    with op.batch_alter_table("exam_room") as batch_op:
        batch_op.drop_column("special")
