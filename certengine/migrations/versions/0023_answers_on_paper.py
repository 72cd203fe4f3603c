"""Answers given on paper: what was typed, and the printed form that an attempt is on."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("attempt") as batch_op:
        batch_op.add_column(sa.Column("form", sa.String(2), server_default="", nullable=False))
    op.create_table(
        "paper_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_by", sa.String(80), nullable=True),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_paper_entry_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_entry")),
    )
    op.create_index(op.f("ix_paper_entry_sitting_id"), "paper_entry", ["sitting_id"])


def downgrade() -> None:
    op.drop_table("paper_entry")
    with op.batch_alter_table("attempt") as batch_op:
        batch_op.drop_column("form")
