"""Material of practical tasks, and the files that candidates hand in."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "task_material",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("added_by", sa.String(80), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name="fk_task_material_sitting_id_sitting"),
        sa.PrimaryKeyConstraint("id", name="pk_task_material"),
        sa.UniqueConstraint("sitting_id", "name", name="uq_task_material_sitting_id_name"),
    )
    op.create_index("ix_task_material_sitting_id", "task_material", ["sitting_id"])
    op.create_table(
        "handed_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_handed_file_attempt_id_attempt"),
        sa.PrimaryKeyConstraint("id", name="pk_handed_file"),
    )
    op.create_index("ix_handed_file_attempt_id", "handed_file", ["attempt_id"])


def downgrade() -> None:
    op.drop_table("handed_file")
    op.drop_table("task_material")
