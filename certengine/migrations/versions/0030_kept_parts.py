"""Parts that were passed and are kept for a time, and the registrations that need not take them again."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

PART = sa.Enum("theory", "practical", name="part", native_enum=False, length=40)


def _moment(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "kept_part",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("part", PART, nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        _moment("valid_from"),
        _moment("valid_until"),
        _moment("withdrawn_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name="fk_kept_part_registration_id_registration"
        ),
        sa.PrimaryKeyConstraint("registration_id", "part", name="pk_kept_part"),
    )
    op.create_table(
        "part_exemption",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("part", PART, nullable=False),
        sa.Column("earned_in", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name="fk_part_exemption_registration_id_registration"
        ),
        sa.ForeignKeyConstraint(["earned_in"], ["registration.id"], name="fk_part_exemption_earned_in_registration"),
        sa.PrimaryKeyConstraint("registration_id", "part", name="pk_part_exemption"),
    )


def downgrade() -> None:
    op.drop_table("part_exemption")
    op.drop_table("kept_part")
