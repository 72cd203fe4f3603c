"""Sheets and number rules of institutions' own; which version a certificate was set with; links that holders share."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sheet_design",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("background", sa.String(64), nullable=True),
        sa.Column("seal", sa.String(64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_sheet_design_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_design")),
        sa.UniqueConstraint(
            "organisation_id", "kind", "version", name=op.f("uq_sheet_design_organisation_id_kind_version")
        ),
    )
    op.create_table(
        "number_rule",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("pattern", sa.String(120), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_number_rule_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_number_rule")),
    )
    op.create_table(
        "certificate_share",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_index", sa.String(64), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_share")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_certificate_share_token_hash")),
    )
    op.create_index(op.f("ix_certificate_share_document_index"), "certificate_share", ["document_index"])
    with op.batch_alter_table("certificate") as batch_op:
        batch_op.add_column(sa.Column("design_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_certificate_design_id_sheet_design"), "sheet_design", ["design_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("certificate") as batch_op:
        batch_op.drop_constraint(op.f("fk_certificate_design_id_sheet_design"), type_="foreignkey")
        batch_op.drop_column("design_id")
    op.drop_table("certificate_share")
    op.drop_table("number_rule")
    op.drop_table("sheet_design")
