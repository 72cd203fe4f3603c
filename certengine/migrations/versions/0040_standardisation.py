"""Standardisation before marking: answers and samples with agreed points that come first, and examiners' quotas."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("written_answer") as table:
        table.add_column(sa.Column("practice", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "practical_sample",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("sitting_id", sa.Uuid(), sa.ForeignKey("sitting.id"), nullable=False, index=True),
        sa.Column("code", sa.String(12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("file_name", sa.String(120), nullable=False),
        sa.Column("file", sa.String(64), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("added_by", sa.String(80), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("sitting_id", "code"),
    )
    op.create_table(
        "practical_sample_mark",
        sa.Column("sample_id", sa.Uuid(), sa.ForeignKey("practical_sample.id"), primary_key=True),
        sa.Column("examiner", sa.String(80), primary_key=True),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "practical_examiner",
        sa.Column("sitting_id", sa.Uuid(), sa.ForeignKey("sitting.id"), primary_key=True),
        sa.Column("examiner", sa.String(80), primary_key=True),
        sa.Column("quota", sa.Integer()),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.String(200), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("practical_examiner")
    op.drop_table("practical_sample_mark")
    op.drop_table("practical_sample")
    with op.batch_alter_table("written_answer") as table:
        table.drop_column("note")
        table.drop_column("practice")
