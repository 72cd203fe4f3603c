"""Time that a candidate with special needs has on top of everybody's."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("registration") as batch_op:
        batch_op.add_column(sa.Column("extra_minutes", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("extra_reason", sa.String(200), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("registration") as batch_op:
        batch_op.drop_column("extra_reason")
        batch_op.drop_column("extra_minutes")
