"""Conflicts of interest of staff, and photographs of incidents."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conflict_of_interest",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("relative", "teacher", "employer", name="conflictkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("employer", sa.String(120), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("declared_by", sa.String(80), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_conflict_of_interest_account_id_account"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_conflict_of_interest_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_conflict_of_interest"),
    )
    op.create_index("ix_conflict_of_interest_account_id", "conflict_of_interest", ["account_id"])
    with op.batch_alter_table("incident") as batch_op:
        batch_op.add_column(sa.Column("photos", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("incident") as batch_op:
        batch_op.drop_column("photos")
    op.drop_table("conflict_of_interest")
