"""A seminar's accounts, and the public holidays that its deadline knows."""

from datetime import date, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

# The State Council's arrangement for 2026, of 4 November 2025: first day, days free, name, days worked instead.
YEAR_2026 = (
    ("2026-01-01", 3, "元旦", ("2026-01-04",)),
    ("2026-02-15", 9, "春节", ("2026-02-14", "2026-02-28")),
    ("2026-04-04", 3, "清明节", ()),
    ("2026-05-01", 5, "劳动节", ("2026-05-09",)),
    ("2026-06-19", 3, "端午节", ()),
    ("2026-09-25", 3, "中秋节", ()),
    ("2026-10-01", 7, "国庆节", ("2026-09-20", "2026-10-10")),
)


def upgrade() -> None:
    op.create_table(
        "seminar_account_line",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("seminar_id", sa.Uuid(), sa.ForeignKey("seminar.id"), nullable=False, index=True),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("digest", sa.String(64)),
        sa.Column("media_type", sa.String(80), nullable=False),
        sa.Column("token", sa.String(40), nullable=False, unique=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(80), nullable=False),
    )
    days = op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
    )
    rows = []
    for first, count, name, worked in YEAR_2026:
        begins = date.fromisoformat(first)
        rows += [{"day": begins + timedelta(days=each), "working": False, "name": name} for each in range(count)]
        rows += [{"day": date.fromisoformat(day), "working": True, "name": f"{name}调休"} for day in worked]
    op.bulk_insert(days, rows)


def downgrade() -> None:
    op.drop_table("calendar_day")
    op.drop_table("seminar_account_line")
