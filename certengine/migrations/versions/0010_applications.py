"""Candidates who register themselves: a window for it, applications, and a waiting list."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("exam_plan") as batch_op:
        batch_op.add_column(sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "exam_application",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("exam_plan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("document_index", sa.String(64), nullable=False),
        sa.Column("document_masked", sa.String(40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("employer", sa.String(120), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("eligible", sa.Boolean(), nullable=False),
        sa.Column("photo", sa.String(64), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "submitted",
                "returned",
                "accepted",
                "waiting",
                "refused",
                "withdrawn",
                name="applicationstate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("comment", sa.String(500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["exam_plan_id"], ["exam_plan.id"], name=op.f("fk_exam_application_exam_plan_id_exam_plan")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_exam_application_registration_id_registration")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_application")),
        sa.UniqueConstraint("number", name=op.f("uq_exam_application_number")),
        sa.UniqueConstraint(
            "exam_plan_id", "document_index", name=op.f("uq_exam_application_exam_plan_id_document_index")
        ),
    )


def downgrade() -> None:
    op.drop_table("exam_application")
    with op.batch_alter_table("exam_plan") as batch_op:
        batch_op.drop_column("closes_at")
        batch_op.drop_column("opens_at")
