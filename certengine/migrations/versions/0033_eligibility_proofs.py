"""Documents by which candidates prove that they meet the conditions."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

KINDS = ("hours", "degree", "title", "work", "certificate", "other")


def upgrade() -> None:
    op.create_table(
        "eligibility_proof",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Enum(*KINDS, name="proofkind", native_enum=False, length=40), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["exam_application.id"], name="fk_eligibility_proof_application_id_exam_application"
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name="fk_eligibility_proof_registration_id_registration"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_eligibility_proof"),
    )
    for column in ("application_id", "registration_id", "digest"):
        op.create_index(f"ix_eligibility_proof_{column}", "eligibility_proof", [column])


def downgrade() -> None:
    op.drop_table("eligibility_proof")
