"""Passkeys of accounts, and the challenges that were answered."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_passkey_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_passkey")),
        sa.UniqueConstraint("credential", name=op.f("uq_account_passkey_credential")),
    )
    op.create_index(op.f("ix_account_passkey_account_id"), "account_passkey", ["account_id"])
    op.create_table(
        "answered_challenge",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_answered_challenge")),
    )
    op.create_index(op.f("ix_answered_challenge_at"), "answered_challenge", ["at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_answered_challenge_at"), table_name="answered_challenge")
    op.drop_table("answered_challenge")
    op.drop_index(op.f("ix_account_passkey_account_id"), table_name="account_passkey")
    op.drop_table("account_passkey")
