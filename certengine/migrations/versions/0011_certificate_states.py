"""Certificates that are suspended, expire and are issued again by two people; their places in status lists; batches."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STANDING = "state IN ('valid', 'suspended')"
VALID = "state = 'valid'"


def upgrade() -> None:
    with op.batch_alter_table("certificate") as batch_op:
        batch_op.add_column(sa.Column("serial", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("year", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("expires_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("asked_act", sa.String(40), nullable=True))
        batch_op.add_column(sa.Column("proposal", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("reason_class", sa.String(40), nullable=True))
        batch_op.add_column(sa.Column("successor_shown", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.alter_column("revocation_asked_by", new_column_name="asked_by", existing_type=sa.String(80))
        batch_op.alter_column(
            "revocation_asked_at", new_column_name="asked_at", existing_type=sa.DateTime(timezone=True)
        )
        batch_op.drop_index("uq_certificate_valid_subject")
    op.create_index(
        "uq_certificate_standing_subject",
        "certificate",
        ["subject"],
        unique=True,
        sqlite_where=sa.text(STANDING),
        postgresql_where=sa.text(STANDING),
    )
    # Numbers end in six digits that count within an institution and a year.
    op.execute("UPDATE certificate SET serial = CAST(substr(number, length(number) - 5) AS INTEGER)")
    op.execute("UPDATE certificate SET year = CAST(substr(number, length(number) - 10, 4) AS INTEGER)")
    op.execute("UPDATE certificate SET asked_act = 'revoke' WHERE asked_by IS NOT NULL")
    op.create_table(
        "certificate_batch_line",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.JSON(), nullable=True),
        sa.Column("certificate_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_certificate_batch_line_job_id_job")),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_batch_line_certificate_id_certificate")
        ),
        sa.PrimaryKeyConstraint("job_id", "position", name=op.f("pk_certificate_batch_line")),
    )


def downgrade() -> None:
    op.drop_table("certificate_batch_line")
    # The earlier schema knows no suspension, and of one subject one valid certificate.
    op.execute("UPDATE certificate SET state = 'revoked' WHERE state = 'suspended'")
    op.drop_index("uq_certificate_standing_subject", "certificate")
    with op.batch_alter_table("certificate") as batch_op:
        batch_op.alter_column("asked_by", new_column_name="revocation_asked_by", existing_type=sa.String(80))
        batch_op.alter_column(
            "asked_at", new_column_name="revocation_asked_at", existing_type=sa.DateTime(timezone=True)
        )
        for name in (
            "successor_shown",
            "reason_class",
            "proposal",
            "asked_act",
            "suspended_at",
            "expires_on",
            "year",
            "serial",
        ):
            batch_op.drop_column(name)
    op.create_index(
        "uq_certificate_valid_subject",
        "certificate",
        ["subject"],
        unique=True,
        sqlite_where=sa.text(VALID),
        postgresql_where=sa.text(VALID),
    )
