"""Which organisation applied for somebody."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("exam_application") as table:
        table.add_column(sa.Column("applied_by", sa.Uuid(), nullable=True))
        table.create_foreign_key("fk_exam_application_applied_by_organisation", "organisation", ["applied_by"], ["id"])
        table.create_index("ix_exam_application_applied_by", ["applied_by"])


def downgrade() -> None:
    with op.batch_alter_table("exam_application") as table:
        table.drop_index("ix_exam_application_applied_by")
        table.drop_constraint("fk_exam_application_applied_by_organisation", type_="foreignkey")
        table.drop_column("applied_by")
