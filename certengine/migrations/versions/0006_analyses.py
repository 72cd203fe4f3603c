"""What a sitting's scripts say: its analysis, and calibrations of a bank."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sitting_analysis",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_sitting_analysis_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("sitting_id", name=op.f("pk_sitting_analysis")),
    )
    op.create_table(
        "bank_calibration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("model", sa.String(20), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("adopted_by", sa.String(80), nullable=True),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_bank_calibration_bank_id_bank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_calibration")),
    )
    with op.batch_alter_table("bank_calibration") as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_calibration_bank_id"), ["bank_id"], unique=False)


def downgrade() -> None:
    op.drop_table("bank_calibration")
    op.drop_table("sitting_analysis")
