"""Rulings on bad items, earlier versions of marks, releases signed by two, results that change, and score reviews."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _moment(name: str, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    with op.batch_alter_table("theory_mark") as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("answered", sa.Integer(), nullable=True))
    op.create_table(
        "earlier_theory_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=True),
        _moment("marked_at"),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_earlier_theory_mark_sitting_id_sitting")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_earlier_theory_mark_registration_id_registration")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earlier_theory_mark")),
    )
    with op.batch_alter_table("earlier_theory_mark") as batch_op:
        batch_op.create_index(batch_op.f("ix_earlier_theory_mark_sitting_id"), ["sitting_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_earlier_theory_mark_registration_id"), ["registration_id"], unique=False)
    op.create_table(
        "item_ruling",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("accepted", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        _moment("proposed_at"),
        sa.Column("proposed_by", sa.String(80), nullable=False),
        _moment("decided_at", nullable=True),
        sa.Column("decided_by", sa.String(80), nullable=True),
        sa.Column("marks", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_item_ruling_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_ruling")),
    )
    with op.batch_alter_table("item_ruling") as batch_op:
        batch_op.create_index(batch_op.f("ix_item_ruling_sitting_id"), ["sitting_id"], unique=False)
    op.create_table(
        "result_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("exam_plan_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(80), nullable=False),
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("after", sa.Integer(), nullable=True),
        sa.Column("verdict_before", sa.String(40), nullable=False),
        sa.Column("verdict_after", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        _moment("at"),
        sa.Column("wanted", sa.String(40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(80), nullable=True),
        sa.Column("decided_by", sa.String(80), nullable=True),
        _moment("decided_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_result_change_registration_id_registration")
        ),
        sa.ForeignKeyConstraint(
            ["exam_plan_id"], ["exam_plan.id"], name=op.f("fk_result_change_exam_plan_id_exam_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_change")),
    )
    with op.batch_alter_table("result_change") as batch_op:
        batch_op.create_index(batch_op.f("ix_result_change_registration_id"), ["registration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_result_change_exam_plan_id"), ["exam_plan_id"], unique=False)
    _releases_and_reviews()


def _releases_and_reviews() -> None:
    op.create_table(
        "nothing_handed_in",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        _moment("recorded_at"),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_nothing_handed_in_sitting_id_sitting")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_nothing_handed_in_registration_id_registration")
        ),
        sa.PrimaryKeyConstraint("sitting_id", "registration_id", name=op.f("pk_nothing_handed_in")),
    )
    with op.batch_alter_table("result") as batch_op:
        batch_op.add_column(sa.Column("theory_state", sa.String(40), nullable=True))
        batch_op.add_column(sa.Column("practical_state", sa.String(40), nullable=True))
        batch_op.add_column(_moment("visible_from", nullable=True))
    op.create_table(
        "release_proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("exam_plan_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        _moment("embargo_until", nullable=True),
        _moment("proposed_at"),
        sa.Column("proposed_by", sa.String(80), nullable=False),
        _moment("decided_at", nullable=True),
        sa.Column("decided_by", sa.String(80), nullable=True),
        sa.ForeignKeyConstraint(
            ["exam_plan_id"], ["exam_plan.id"], name=op.f("fk_release_proposal_exam_plan_id_exam_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_proposal")),
    )
    with op.batch_alter_table("release_proposal") as batch_op:
        batch_op.create_index(batch_op.f("ix_release_proposal_exam_plan_id"), ["exam_plan_id"], unique=False)
    op.create_table(
        "score_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("exam_plan_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _moment("asked_at"),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("theory", sa.Integer(), nullable=True),
        sa.Column("practical", sa.Integer(), nullable=True),
        sa.Column("checked_by", sa.String(80), nullable=True),
        _moment("checked_at", nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(80), nullable=True),
        _moment("decided_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_score_review_registration_id_registration")
        ),
        sa.ForeignKeyConstraint(
            ["exam_plan_id"], ["exam_plan.id"], name=op.f("fk_score_review_exam_plan_id_exam_plan")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_score_review_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_review")),
        sa.UniqueConstraint("registration_id", name=op.f("uq_score_review_registration_id")),
    )
    with op.batch_alter_table("score_review") as batch_op:
        batch_op.create_index(batch_op.f("ix_score_review_exam_plan_id"), ["exam_plan_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_score_review_organisation_id"), ["organisation_id"], unique=False)


def downgrade() -> None:
    op.drop_table("score_review")
    op.drop_table("release_proposal")
    with op.batch_alter_table("result") as batch_op:
        batch_op.drop_column("visible_from")
        batch_op.drop_column("practical_state")
        batch_op.drop_column("theory_state")
    op.drop_table("nothing_handed_in")
    op.drop_table("result_change")
    op.drop_table("item_ruling")
    op.drop_table("earlier_theory_mark")
    with op.batch_alter_table("theory_mark") as batch_op:
        batch_op.drop_column("answered")
        batch_op.drop_column("version")
