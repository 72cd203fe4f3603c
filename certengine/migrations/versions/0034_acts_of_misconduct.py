"""Which act a case of misconduct is about, and why its tier is another than the act's own."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("misconduct_case", sa.Column("act", sa.String(40), nullable=False, server_default=""))
    op.add_column("misconduct_case", sa.Column("tier_reason", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("misconduct_case") as table:
        table.drop_column("tier_reason")
        table.drop_column("act")
