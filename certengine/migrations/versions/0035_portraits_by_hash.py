"""Whether anybody still shows a portrait is asked whenever one is replaced or forgotten."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_person_photo", "person", ["photo"])
    op.create_index("ix_exam_application_photo", "exam_application", ["photo"])


def downgrade() -> None:
    op.drop_index("ix_exam_application_photo", "exam_application")
    op.drop_index("ix_person_photo", "person")
