"""What organisations are told, in a list and by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organisation", sa.Column("email", sa.String(200), nullable=False, server_default=""))
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("key", sa.String(160), nullable=False, unique=True),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("link", sa.String(300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.Column("mail", sa.String(40), nullable=False, index=True),
        sa.Column("mail_tries", sa.Integer(), nullable=False),
        sa.Column("mail_error", sa.String(300), nullable=False),
        sa.Column("mailed_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_message_organisation_id_at", "message", ["organisation_id", "at"])


def downgrade() -> None:
    op.drop_table("message")
    with op.batch_alter_table("organisation") as table:
        table.drop_column("email")
