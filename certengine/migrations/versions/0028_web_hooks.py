"""Addresses that are told what becomes of certificates, and the messages to them."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "web_hook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_web_hook_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_hook")),
    )
    op.create_index(op.f("ix_web_hook_organisation_id"), "web_hook", ["organisation_id"])
    op.create_table(
        "web_hook_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hook_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(200), nullable=True),
        sa.ForeignKeyConstraint(["hook_id"], ["web_hook.id"], name=op.f("fk_web_hook_message_hook_id_web_hook")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_hook_message")),
    )
    op.create_index(op.f("ix_web_hook_message_hook_id"), "web_hook_message", ["hook_id"])
    op.create_index(op.f("ix_web_hook_message_next_at"), "web_hook_message", ["next_at"])


def downgrade() -> None:
    op.drop_table("web_hook_message")
    op.drop_table("web_hook")
