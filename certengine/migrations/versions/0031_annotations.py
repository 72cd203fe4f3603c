"""Notes of markers at a place of an answer or of a file."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "annotation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("answer_id", sa.Uuid(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("marker", sa.String(80), nullable=False),
        sa.Column("marker_name", sa.String(120), nullable=False),
        sa.Column("selector", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["answer_id"], ["written_answer.id"], name="fk_annotation_answer_id_written_answer"),
        sa.ForeignKeyConstraint(["file_id"], ["handed_file.id"], name="fk_annotation_file_id_handed_file"),
        sa.PrimaryKeyConstraint("id", name="pk_annotation"),
    )
    op.create_index("ix_annotation_answer_id", "annotation", ["answer_id"])
    op.create_index("ix_annotation_file_id", "annotation", ["file_id"])


def downgrade() -> None:
    op.drop_table("annotation")
