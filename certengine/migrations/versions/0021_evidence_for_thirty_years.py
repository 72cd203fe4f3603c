"""Authorities between root and institutions, time stamps, declared compromises; sealed files; witnesses' cosignatures."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

INSTITUTIONS = "organisation_id IS NOT NULL"


def upgrade() -> None:
    with op.batch_alter_table("signing_certificate") as batch_op:
        batch_op.add_column(sa.Column("role", sa.String(40), server_default="root", nullable=False))
        batch_op.add_column(sa.Column("issuer_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("compromised_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("declared_by", sa.String(80), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_signing_certificate_issuer_id_signing_certificate"), "signing_certificate", ["issuer_id"], ["id"]
        )
    # So far one root has issued to the institutions.
    root = "(SELECT id FROM (SELECT id FROM signing_certificate WHERE organisation_id IS NULL) AS root)"
    op.execute(f"UPDATE signing_certificate SET role = 'signer', issuer_id = {root} WHERE {INSTITUTIONS}")
    with op.batch_alter_table("signing_certificate") as batch_op:
        batch_op.alter_column("role", server_default=None, existing_type=sa.String(40))
    op.create_index(op.f("ix_signing_certificate_role"), "signing_certificate", ["role"])
    with op.batch_alter_table("certificate") as batch_op:
        batch_op.add_column(sa.Column("sealed", sa.String(64), nullable=True))
        batch_op.add_column(sa.Column("evidence_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_certificate_evidence_until"), "certificate", ["evidence_until"])
    op.create_table(
        "certificate_file",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_file_certificate_id_certificate")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_certificate_file")),
    )
    op.create_index(op.f("ix_certificate_file_certificate_id"), "certificate_file", ["certificate_id"])
    op.create_table(
        "ledger_cosignature",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ledger_cosignature")),
    )


def downgrade() -> None:
    op.drop_table("ledger_cosignature")
    op.drop_table("certificate_file")
    op.drop_index(op.f("ix_certificate_evidence_until"), "certificate")
    with op.batch_alter_table("certificate") as batch_op:
        batch_op.drop_column("evidence_until")
        batch_op.drop_column("sealed")
    # The earlier program knows one root and what it issued itself.
    op.execute("UPDATE signing_certificate SET issuer_id = NULL")
    op.execute("DELETE FROM signing_certificate WHERE role IN ('issuing', 'stamper')")
    op.drop_index(op.f("ix_signing_certificate_role"), "signing_certificate")
    with op.batch_alter_table("signing_certificate") as batch_op:
        batch_op.drop_constraint(op.f("fk_signing_certificate_issuer_id_signing_certificate"), type_="foreignkey")
        for name in ("declared_by", "declared_at", "compromised_since", "issuer_id", "role"):
            batch_op.drop_column(name)
