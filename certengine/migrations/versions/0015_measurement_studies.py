"""Studies of fixed forms: equating, and cut scores set by a panel."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measurement_study",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("equating", "angoff", "bookmark", name="studykind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("form", sa.String(2), nullable=False),
        sa.Column("other_sitting_id", sa.Uuid(), nullable=True),
        sa.Column("other_form", sa.String(2), nullable=True),
        sa.Column("judges", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=True),
        sa.Column("figured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("figured_by", sa.String(80), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_measurement_study_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_measurement_study_sitting_id_sitting")),
        sa.ForeignKeyConstraint(
            ["other_sitting_id"], ["sitting.id"], name=op.f("fk_measurement_study_other_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measurement_study")),
    )
    for column in ("organisation_id", "sitting_id"):
        op.create_index(op.f(f"ix_measurement_study_{column}"), "measurement_study", [column])


def downgrade() -> None:
    op.drop_table("measurement_study")
