"""Answers that people mark: questions, answers under codes, markers, and every mark given."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _moment(name: str, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def upgrade() -> None:
    op.create_table(
        "answer_question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("part", sa.String(20), nullable=False),
        sa.Column("mode", sa.String(40), nullable=False),
        sa.Column("tolerance", sa.Integer(), nullable=False),
        _moment("opened_at"),
        _key("answer_question", "sitting_id", "sitting"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_question")),
        sa.UniqueConstraint("sitting_id", "item", "part", name=op.f("uq_answer_question_sitting_id_item_part")),
    )
    op.create_table(
        "written_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.String(12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("blank", sa.Boolean(), nullable=False),
        sa.Column("agreed", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("share", sa.String(40), nullable=True),
        _moment("settled_at", nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _key("written_answer", "question_id", "answer_question"),
        _key("written_answer", "registration_id", "registration"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_written_answer")),
        sa.UniqueConstraint("question_id", "code", name=op.f("uq_written_answer_question_id_code")),
        sa.UniqueConstraint(
            "question_id", "registration_id", name=op.f("uq_written_answer_question_id_registration_id")
        ),
    )
    with op.batch_alter_table("written_answer") as batch_op:
        batch_op.create_index(batch_op.f("ix_written_answer_registration_id"), ["registration_id"], unique=False)
    op.create_table(
        "answer_marker",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("third", sa.Boolean(), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        _moment("paused_at", nullable=True),
        _moment("seeds_since"),
        _key("answer_marker", "question_id", "answer_question"),
        _key("answer_marker", "account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_marker")),
        sa.UniqueConstraint("question_id", "account_id", name=op.f("uq_answer_marker_question_id_account_id")),
    )
    with op.batch_alter_table("answer_marker") as batch_op:
        batch_op.create_index(batch_op.f("ix_answer_marker_account_id"), ["account_id"], unique=False)
    op.create_table(
        "answer_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("marker", sa.String(80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.Column("rubric", sa.String(64), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        _moment("at"),
        sa.Column("set_aside", sa.Boolean(), nullable=False),
        sa.Column("entry", sa.Uuid(), nullable=True),
        _key("answer_mark", "answer_id", "written_answer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_mark")),
        sa.UniqueConstraint("answer_id", "marker", "number", name=op.f("uq_answer_mark_answer_id_marker_number")),
    )
    with op.batch_alter_table("answer_mark") as batch_op:
        batch_op.create_index(batch_op.f("ix_answer_mark_marker"), ["marker"], unique=False)


def downgrade() -> None:
    op.drop_table("answer_mark")
    op.drop_table("answer_marker")
    op.drop_table("written_answer")
    op.drop_table("answer_question")
