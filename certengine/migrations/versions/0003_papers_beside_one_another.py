"""Papers that mind their neighbours: pairs of adjoining seats with a draw, the fixed form with a paper."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("paper_draw") as batch_op:
        batch_op.add_column(sa.Column("neighbours", sa.JSON(), server_default="[]", nullable=False))
    with op.batch_alter_table("paper") as batch_op:
        batch_op.add_column(sa.Column("form", sa.String(2), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("paper") as batch_op:
        batch_op.drop_column("form")
    with op.batch_alter_table("paper_draw") as batch_op:
        batch_op.drop_column("neighbours")
