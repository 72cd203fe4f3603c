"""Sites with rooms and machines, announcements and the public plan, fees, and batches of tickets."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("address", sa.String(120), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_site_organisation_id_organisation"),
        sa.PrimaryKeyConstraint("id", name="pk_site"),
        sa.UniqueConstraint("organisation_id", "name", name="uq_site_organisation_id_name"),
    )
    op.create_index("ix_site_organisation_id", "site", ["organisation_id"])
    op.create_table(
        "site_room",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_site_room_site_id_site"),
        sa.PrimaryKeyConstraint("id", name="pk_site_room"),
        sa.UniqueConstraint("site_id", "name", name="uq_site_room_site_id_name"),
    )
    op.create_index("ix_site_room_site_id", "site_room", ["site_id"])
    op.create_table(
        "machine",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_room_id", sa.Uuid(), nullable=False),
        sa.Column("seat_number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["site_room_id"], ["site_room.id"], name="fk_machine_site_room_id_site_room"),
        sa.PrimaryKeyConstraint("id", name="pk_machine"),
        sa.UniqueConstraint("site_room_id", "seat_number", name="uq_machine_site_room_id_seat_number"),
    )
    op.create_index("ix_machine_site_room_id", "machine", ["site_room_id"])
    op.create_table(
        "announcement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(80), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_announcement_organisation_id_organisation"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_announcement"),
        sa.UniqueConstraint("token", name="uq_announcement_token"),
    )
    op.create_index("ix_announcement_organisation_id", "announcement", ["organisation_id"])
    op.create_table(
        "ticket_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("archive", sa.String(64), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name="fk_ticket_batch_sitting_id_sitting"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_batch"),
    )
    op.create_index("ix_ticket_batch_sitting_id", "ticket_batch", ["sitting_id"])
    with op.batch_alter_table("exam_plan") as batch_op:
        batch_op.add_column(sa.Column("published_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("fee", sa.Integer(), nullable=True))
    with op.batch_alter_table("registration") as batch_op:
        batch_op.add_column(sa.Column("paid", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("paid_note", sa.String(120), server_default="", nullable=False))
    with op.batch_alter_table("exam_room") as batch_op:
        batch_op.add_column(sa.Column("site_room_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("closed_seats", sa.JSON(), server_default="[]", nullable=False))
        batch_op.create_foreign_key("fk_exam_room_site_room_id_site_room", "site_room", ["site_room_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("exam_room") as batch_op:
        batch_op.drop_constraint("fk_exam_room_site_room_id_site_room", type_="foreignkey")
        batch_op.drop_column("closed_seats")
        batch_op.drop_column("site_room_id")
    with op.batch_alter_table("registration") as batch_op:
        for name in ("paid_note", "paid_at", "paid"):
            batch_op.drop_column(name)
    with op.batch_alter_table("exam_plan") as batch_op:
        batch_op.drop_column("fee")
        batch_op.drop_column("published_at")
    for name in ("ticket_batch", "announcement", "machine", "site_room", "site"):
        op.drop_table(name)
