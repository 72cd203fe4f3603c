"""Departments countersign the certificates of institutions."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "certificate_countersigning",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_certificate_countersigning_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["organisation.id"],
            name=op.f("fk_certificate_countersigning_department_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_certificate_countersigning")),
    )
    op.create_index(
        op.f("ix_certificate_countersigning_department_id"), "certificate_countersigning", ["department_id"]
    )
    with op.batch_alter_table("certificate") as table:
        table.add_column(sa.Column("countersigned_by", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("countersigned_at", sa.DateTime(timezone=True), nullable=True))
        table.create_foreign_key(
            op.f("fk_certificate_countersigned_by_organisation"), "organisation", ["countersigned_by"], ["id"]
        )
        table.create_index(op.f("ix_certificate_countersigned_by"), ["countersigned_by"])


def downgrade() -> None:
    with op.batch_alter_table("certificate") as table:
        table.drop_index(op.f("ix_certificate_countersigned_by"))
        table.drop_constraint(op.f("fk_certificate_countersigned_by_organisation"), type_="foreignkey")
        table.drop_column("countersigned_at")
        table.drop_column("countersigned_by")
    op.drop_index(op.f("ix_certificate_countersigning_department_id"), "certificate_countersigning")
    op.drop_table("certificate_countersigning")
