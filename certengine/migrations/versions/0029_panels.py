"""Examiners' marks with the rubric that they were given by, and every earlier version of them."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("practical_mark") as batch_op:
        batch_op.add_column(sa.Column("rubric", sa.JSON(), nullable=True))
    op.create_table(
        "earlier_practical_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("examiner", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("rubric", sa.JSON(), nullable=True),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name="fk_earlier_practical_mark_sitting_id_sitting"),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name="fk_earlier_practical_mark_registration_id_registration"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_earlier_practical_mark"),
    )
    op.create_index("ix_earlier_practical_mark_registration_id", "earlier_practical_mark", ["registration_id"])


def downgrade() -> None:
    op.drop_table("earlier_practical_mark")
    with op.batch_alter_table("practical_mark") as batch_op:
        batch_op.drop_column("rubric")
