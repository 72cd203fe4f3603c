"""Alike scripts that an analysis hands over to be looked into."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suspicion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("seats", sa.JSON(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "handed_over",
                "dismissed",
                "gone",
                name="suspicionstate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("settled_by", sa.String(80), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_suspicion_organisation_id_organisation"
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name="fk_suspicion_sitting_id_sitting"),
        sa.ForeignKeyConstraint(["first_id"], ["registration.id"], name="fk_suspicion_first_id_registration"),
        sa.ForeignKeyConstraint(["second_id"], ["registration.id"], name="fk_suspicion_second_id_registration"),
        sa.PrimaryKeyConstraint("id", name="pk_suspicion"),
        sa.UniqueConstraint("sitting_id", "first_id", "second_id", name="uq_suspicion_sitting_id_first_id_second_id"),
    )
    op.create_index("ix_suspicion_organisation_id", "suspicion", ["organisation_id"])


def downgrade() -> None:
    op.drop_table("suspicion")
