"""What happens at screens, whose browser an attempt belongs to, and a sitting's keys of Safe Exam Browser."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KINDS = (
    "focus_lost",
    "pasted",
    "clock_changed",
    "offline",
    "address_changed",
    "second_sign_in",
    "other_device",
    "wrong_key",
    "key_shown",
    "let_in",
)


def upgrade() -> None:
    with op.batch_alter_table("attempt") as batch_op:
        batch_op.add_column(sa.Column("device", sa.String(64), nullable=True))
        batch_op.add_column(sa.Column("address", sa.String(45), nullable=True))
        batch_op.add_column(sa.Column("held_for", sa.String(40), nullable=True))
        batch_op.add_column(sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("key_excused", sa.Boolean(), server_default="0", nullable=False))
    with op.batch_alter_table("sitting") as batch_op:
        batch_op.add_column(sa.Column("browser_keys", sa.JSON(), nullable=True))
    op.create_table(
        "attempt_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Enum(*KINDS, name="eventkind", native_enum=False, length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("token", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_attempt_event_attempt_id_attempt"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt_event"),
        sa.UniqueConstraint("attempt_id", "token", name="uq_attempt_event_attempt_id_token"),
    )


def downgrade() -> None:
    op.drop_table("attempt_event")
    with op.batch_alter_table("sitting") as batch_op:
        batch_op.drop_column("browser_keys")
    with op.batch_alter_table("attempt") as batch_op:
        for name in ("key_excused", "released_at", "held_for", "address", "device"):
            batch_op.drop_column(name)
