"""The record of an exam room signed by two, and the handing over between proctors."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exam_room_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("exam_room_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("first_by", sa.String(80), nullable=False),
        sa.Column("first_name", sa.String(120), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_by", sa.String(80), nullable=True),
        sa.Column("second_name", sa.String(120), nullable=True),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["exam_room_id"], ["exam_room.id"], name=op.f("fk_exam_room_record_exam_room_id_exam_room")
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_exam_room_record_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_room_record")),
        sa.UniqueConstraint("exam_room_id", name=op.f("uq_exam_room_record_exam_room_id")),
    )
    op.create_table(
        "proctor_handover",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("exam_room_id", sa.Uuid(), nullable=False),
        sa.Column("given_by", sa.String(80), nullable=False),
        sa.Column("given_by_name", sa.String(120), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.String(80), nullable=True),
        sa.Column("taken_by_name", sa.String(120), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["exam_room_id"], ["exam_room.id"], name=op.f("fk_proctor_handover_exam_room_id_exam_room")
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_proctor_handover_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proctor_handover")),
    )
    with op.batch_alter_table("proctor_handover") as batch_op:
        batch_op.create_index(batch_op.f("ix_proctor_handover_exam_room_id"), ["exam_room_id"], unique=False)


def downgrade() -> None:
    op.drop_table("proctor_handover")
    op.drop_table("exam_room_record")
