"""Continuing-education courses: catalogue, enrolments, progress, quizzes, credited hours, statements."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "course",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column(
            "subject", sa.Enum("general", "professional", name="subject", native_enum=False, length=40), nullable=False
        ),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column(
            "level",
            sa.Enum("junior", "intermediate", "senior", name="level", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("in_order", sa.Boolean(), nullable=False),
        sa.Column("quiz_items", sa.Integer(), nullable=False),
        sa.Column("quiz_pass", sa.Integer(), nullable=False),
        sa.Column("quiz_attempts", sa.Integer(), nullable=False),
        sa.Column("quiz_source", sa.String(length=80), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "reviewed",
                "published",
                "withdrawn",
                name="coursestate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("reviewer", sa.String(length=80), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_course_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
        sa.UniqueConstraint("token", name=op.f("uq_course_token")),
    )
    op.create_index(op.f("ix_course_organisation_id"), "course", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_course_state_title"), "course", ["state", "title"], unique=False)
    op.create_table(
        "hours_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("city", sa.String(length=6), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("enrolled", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("general", sa.Integer(), nullable=False),
        sa.Column("professional", sa.Integer(), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_hours_account_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_hours_account_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_account")),
        sa.UniqueConstraint("person_id", "year", name=op.f("uq_hours_account_person_id_year")),
    )
    op.create_index(
        "ix_hours_account_city",
        "hours_account",
        ["year", "city", "enrolled", "completed", "general", "professional", "met"],
        unique=False,
    )
    op.create_index(
        "ix_hours_account_organisation",
        "hours_account",
        ["year", "organisation_id", "city", "enrolled", "completed", "general", "professional", "met"],
        unique=False,
    )
    op.create_index("ix_hours_account_people", "hours_account", ["organisation_id", "year", "person_id"], unique=False)
    op.create_table(
        "hours_credit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column(
            "subject", sa.Enum("general", "professional", name="subject", native_enum=False, length=40), nullable=False
        ),
        sa.Column(
            "way",
            sa.Enum(
                "course",
                "training_class",
                "seminar",
                "practice",
                "distance",
                "conference",
                name="way",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("ledger_entry", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_hours_credit_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_credit")),
        sa.UniqueConstraint("person_id", "source", name=op.f("uq_hours_credit_person_id_source")),
    )
    op.create_index(op.f("ix_hours_credit_person_id_year"), "hours_credit", ["person_id", "year"], unique=False)
    op.create_table(
        "learning_clock",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_learning_clock_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_learning_clock")),
    )
    op.create_table(
        "year_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("pdf", sa.String(length=64), nullable=False),
        sa.Column("ledger_entry", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_year_statement_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_statement")),
        sa.UniqueConstraint("code", name=op.f("uq_year_statement_code")),
    )
    op.create_index(op.f("ix_year_statement_person_id_year"), "year_statement", ["person_id", "year"], unique=False)
    op.create_table(
        "course_enrolment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("city", sa.String(length=6), nullable=False),
        sa.Column("units_done", sa.Integer(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("more_attempts", sa.Integer(), nullable=False),
        sa.Column("quiz_passed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_enrolment_course_id_course")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_course_enrolment_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_course_enrolment_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_enrolment")),
        sa.UniqueConstraint("course_id", "person_id", name=op.f("uq_course_enrolment_course_id_person_id")),
    )
    op.create_index(op.f("ix_course_enrolment_city_id"), "course_enrolment", ["city", "id"], unique=False)
    op.create_index(
        op.f("ix_course_enrolment_organisation_id_id"), "course_enrolment", ["organisation_id", "id"], unique=False
    )
    op.create_index(op.f("ix_course_enrolment_person_id_id"), "course_enrolment", ["person_id", "id"], unique=False)
    op.create_table(
        "course_question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("key", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_question_course_id_course")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_question")),
    )
    op.create_index(op.f("ix_course_question_course_id"), "course_question", ["course_id"], unique=False)
    op.create_table(
        "course_unit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.Enum("video", "document", name="unitkind", native_enum=False, length=40), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_unit_course_id_course")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_unit")),
    )
    op.create_index(op.f("ix_course_unit_course_id"), "course_unit", ["course_id"], unique=False)
    op.create_table(
        "quiz_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["course_enrolment_id"],
            ["course_enrolment.id"],
            name=op.f("fk_quiz_attempt_course_enrolment_id_course_enrolment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_attempt")),
        sa.UniqueConstraint("course_enrolment_id", "number", name=op.f("uq_quiz_attempt_course_enrolment_id_number")),
    )
    op.create_table(
        "unit_progress",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("course_unit_id", sa.Uuid(), nullable=False),
        sa.Column("watched", sa.JSON(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["course_enrolment_id"],
            ["course_enrolment.id"],
            name=op.f("fk_unit_progress_course_enrolment_id_course_enrolment"),
        ),
        sa.ForeignKeyConstraint(
            ["course_unit_id"], ["course_unit.id"], name=op.f("fk_unit_progress_course_unit_id_course_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_progress")),
        sa.UniqueConstraint(
            "course_enrolment_id", "course_unit_id", name=op.f("uq_unit_progress_course_enrolment_id_course_unit_id")
        ),
    )
    op.create_index(op.f("ix_unit_progress_course_unit_id"), "unit_progress", ["course_unit_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_unit_progress_course_unit_id"), table_name="unit_progress")
    op.drop_table("unit_progress")
    op.drop_table("quiz_attempt")
    op.drop_index(op.f("ix_course_unit_course_id"), table_name="course_unit")
    op.drop_table("course_unit")
    op.drop_index(op.f("ix_course_question_course_id"), table_name="course_question")
    op.drop_table("course_question")
    op.drop_index(op.f("ix_course_enrolment_person_id_id"), table_name="course_enrolment")
    op.drop_index(op.f("ix_course_enrolment_organisation_id_id"), table_name="course_enrolment")
    op.drop_index(op.f("ix_course_enrolment_city_id"), table_name="course_enrolment")
    op.drop_table("course_enrolment")
    op.drop_index(op.f("ix_year_statement_person_id_year"), table_name="year_statement")
    op.drop_table("year_statement")
    op.drop_table("learning_clock")
    op.drop_index(op.f("ix_hours_credit_person_id_year"), table_name="hours_credit")
    op.drop_table("hours_credit")
    op.drop_index("ix_hours_account_people", table_name="hours_account")
    op.drop_index("ix_hours_account_organisation", table_name="hours_account")
    op.drop_index("ix_hours_account_city", table_name="hours_account")
    op.drop_table("hours_account")
    op.drop_index(op.f("ix_course_state_title"), table_name="course")
    op.drop_index(op.f("ix_course_organisation_id"), table_name="course")
    op.drop_table("course")
