"""Selections with experts and public notices, seminars as they are held, bases with their history, signed documents."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "public_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("objections_until", sa.Date(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_notice")),
    )
    with op.batch_alter_table("public_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_public_notice_published_at"), ["published_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_public_notice_subject"), ["subject"], unique=False)

    op.create_table(
        "objection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["public_notice.id"], name=op.f("fk_objection_notice_id_public_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
    )
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_objection_notice_id"), ["notice_id"], unique=False)

    op.create_table(
        "official_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "plaque",
                "designation",
                "seminar_certificate",
                "best_course",
                "yearly_report",
                name="documentkind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("pdf", sa.String(length=64), nullable=False),
        sa.Column("ledger_entry", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_official_document_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_official_document")),
        sa.UniqueConstraint("code", name=op.f("uq_official_document_code")),
        sa.UniqueConstraint("number", name=op.f("uq_official_document_number")),
    )
    with op.batch_alter_table("official_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_official_document_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_official_document_subject"), ["subject"], unique=False)

    op.create_table(
        "base_assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("training_base_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("indicators", sa.JSON(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("excellent", "good", "poor", name="assessmentverdict", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_base_id"], ["training_base.id"], name=op.f("fk_base_assessment_training_base_id_training_base")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_assessment")),
        sa.UniqueConstraint("training_base_id", "year", name=op.f("uq_base_assessment_training_base_id_year")),
    )
    with op.batch_alter_table("base_assessment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_base_assessment_training_base_id"), ["training_base_id"], unique=False)

    op.create_table(
        "base_exchange",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("training_base_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("experts", "materials", "research", "platform", name="exchangekind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["training_base_id"], ["training_base.id"], name=op.f("fk_base_exchange_training_base_id_training_base")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_exchange")),
        sa.UniqueConstraint("token", name=op.f("uq_base_exchange_token")),
    )
    with op.batch_alter_table("base_exchange", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_base_exchange_training_base_id"), ["training_base_id"], unique=False)

    op.create_table(
        "base_reminder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("training_base_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_base_id"], ["training_base.id"], name=op.f("fk_base_reminder_training_base_id_training_base")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_reminder")),
        sa.UniqueConstraint(
            "training_base_id", "year", "days", name=op.f("uq_base_reminder_training_base_id_year_days")
        ),
    )
    with op.batch_alter_table("base_reminder", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_base_reminder_training_base_id"), ["training_base_id"], unique=False)

    op.create_table(
        "base_standing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("training_base_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "in_good_standing",
                "put_right",
                "removal_proposed",
                "removed",
                name="basestate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_base_id"], ["training_base.id"], name=op.f("fk_base_standing_training_base_id_training_base")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_standing")),
    )
    with op.batch_alter_table("base_standing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_base_standing_training_base_id"), ["training_base_id"], unique=False)

    op.create_table(
        "expert_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_expert_review_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_review")),
        sa.UniqueConstraint("subject", "account_id", name=op.f("uq_expert_review_subject_account_id")),
    )
    with op.batch_alter_table("expert_review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_expert_review_account_id"), ["account_id"], unique=False)

    op.create_table(
        "programme_application",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "base",
                "training_institution",
                "evaluation_institution",
                "best_course",
                name="applicationkind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("national", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "submitted",
                "returned",
                "recommended",
                "published",
                "awarded",
                "refused",
                "withdrawn",
                name="stage",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("recommender_id", sa.Uuid(), nullable=False),
        sa.Column("recommendation", sa.Text(), nullable=False),
        sa.Column("recommended_by", sa.String(length=80), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_programme_application_course_id_course")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_programme_application_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["recommender_id"], ["organisation.id"], name=op.f("fk_programme_application_recommender_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_application")),
        sa.UniqueConstraint("token", name=op.f("uq_programme_application_token")),
    )
    with op.batch_alter_table("programme_application", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_programme_application_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_programme_application_recommender_id"), ["recommender_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_programme_application_region_stage"), ["region", "stage"], unique=False)

    op.create_table(
        "seminar_feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seminar_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.Integer(), nullable=False),
        sa.Column("teaching", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["seminar_id"], ["seminar.id"], name=op.f("fk_seminar_feedback_seminar_id_seminar")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seminar_feedback")),
    )
    with op.batch_alter_table("seminar_feedback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seminar_feedback_seminar_id"), ["seminar_id"], unique=False)

    op.create_table(
        "seminar_material",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seminar_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["seminar_id"], ["seminar.id"], name=op.f("fk_seminar_material_seminar_id_seminar")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seminar_material")),
    )
    with op.batch_alter_table("seminar_material", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seminar_material_seminar_id"), ["seminar_id"], unique=False)

    op.create_table(
        "seminar_participant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seminar_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("nominated_by_id", sa.Uuid(), nullable=False),
        sa.Column("employer", sa.String(length=120), nullable=False),
        sa.Column("post", sa.String(length=80), nullable=False),
        sa.Column(
            "state",
            sa.Enum("nominated", "admitted", "refused", name="participantstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("feedback_given", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["nominated_by_id"], ["organisation.id"], name=op.f("fk_seminar_participant_nominated_by_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_seminar_participant_person_id_person")),
        sa.ForeignKeyConstraint(["seminar_id"], ["seminar.id"], name=op.f("fk_seminar_participant_seminar_id_seminar")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seminar_participant")),
        sa.UniqueConstraint("seminar_id", "person_id", name=op.f("uq_seminar_participant_seminar_id_person_id")),
    )
    with op.batch_alter_table("seminar_participant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seminar_participant_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_seminar_participant_seminar_id_state"), ["seminar_id", "state"], unique=False
        )

    op.create_table(
        "seminar_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seminar_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=160), nullable=False),
        sa.Column("speaker", sa.String(length=120), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["seminar_id"], ["seminar.id"], name=op.f("fk_seminar_session_seminar_id_seminar")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seminar_session")),
    )
    with op.batch_alter_table("seminar_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seminar_session_seminar_id"), ["seminar_id"], unique=False)

    op.create_table(
        "base_exchange_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("training_base_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["base_exchange.id"], name=op.f("fk_base_exchange_request_exchange_id_base_exchange")
        ),
        sa.ForeignKeyConstraint(
            ["training_base_id"],
            ["training_base.id"],
            name=op.f("fk_base_exchange_request_training_base_id_training_base"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_exchange_request")),
        sa.UniqueConstraint(
            "exchange_id", "training_base_id", name=op.f("uq_base_exchange_request_exchange_id_training_base_id")
        ),
    )
    with op.batch_alter_table("base_exchange_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_base_exchange_request_exchange_id"), ["exchange_id"], unique=False)

    op.create_table(
        "programme_application_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["programme_application.id"],
            name=op.f("fk_programme_application_document_application_id_programme_application"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_application_document")),
    )
    with op.batch_alter_table("programme_application_document", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_programme_application_document_application_id"), ["application_id"], unique=False
        )

    op.create_table(
        "seminar_sign_in",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["seminar_participant.id"],
            name=op.f("fk_seminar_sign_in_participant_id_seminar_participant"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["seminar_session.id"], name=op.f("fk_seminar_sign_in_session_id_seminar_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seminar_sign_in")),
        sa.UniqueConstraint("participant_id", "session_id", name=op.f("uq_seminar_sign_in_participant_id_session_id")),
    )
    with op.batch_alter_table("seminar_sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seminar_sign_in_session_id"), ["session_id"], unique=False)

    with op.batch_alter_table("base_report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("counted", sa.JSON(), server_default="{}", nullable=False))

    with op.batch_alter_table("course", schema=None) as batch_op:
        batch_op.add_column(sa.Column("best_in", sa.Integer(), nullable=True))

    with op.batch_alter_table("seminar", schema=None) as batch_op:
        batch_op.add_column(sa.Column("host_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("region", sa.String(length=6), server_default="370000", nullable=False))
        batch_op.add_column(sa.Column("content", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("budget", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("ministry_reference", sa.String(length=120), server_default="", nullable=False))
        batch_op.add_column(sa.Column("spent", sa.Integer(), nullable=True))
    # Until now who applied was who hosted.
    op.execute("UPDATE seminar SET host_id = organisation_id")
    with op.batch_alter_table("seminar", schema=None) as batch_op:
        batch_op.alter_column("host_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.create_index(batch_op.f("ix_seminar_host_id"), ["host_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_seminar_host_id_organisation"), "organisation", ["host_id"], ["id"])

    with op.batch_alter_table("training_base", schema=None) as batch_op:
        batch_op.add_column(sa.Column("put_right_until", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("training_base", schema=None) as batch_op:
        batch_op.drop_column("put_right_until")

    with op.batch_alter_table("seminar", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_seminar_host_id_organisation"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_seminar_host_id"))
        batch_op.drop_column("spent")
        batch_op.drop_column("ministry_reference")
        batch_op.drop_column("budget")
        batch_op.drop_column("content")
        batch_op.drop_column("region")
        batch_op.drop_column("host_id")

    with op.batch_alter_table("course", schema=None) as batch_op:
        batch_op.drop_column("best_in")

    with op.batch_alter_table("base_report", schema=None) as batch_op:
        batch_op.drop_column("counted")

    with op.batch_alter_table("seminar_sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seminar_sign_in_session_id"))

    op.drop_table("seminar_sign_in")
    with op.batch_alter_table("programme_application_document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_programme_application_document_application_id"))

    op.drop_table("programme_application_document")
    with op.batch_alter_table("base_exchange_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_base_exchange_request_exchange_id"))

    op.drop_table("base_exchange_request")
    with op.batch_alter_table("seminar_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seminar_session_seminar_id"))

    op.drop_table("seminar_session")
    with op.batch_alter_table("seminar_participant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seminar_participant_seminar_id_state"))
        batch_op.drop_index(batch_op.f("ix_seminar_participant_person_id"))

    op.drop_table("seminar_participant")
    with op.batch_alter_table("seminar_material", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seminar_material_seminar_id"))

    op.drop_table("seminar_material")
    with op.batch_alter_table("seminar_feedback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seminar_feedback_seminar_id"))

    op.drop_table("seminar_feedback")
    with op.batch_alter_table("programme_application", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_programme_application_region_stage"))
        batch_op.drop_index(batch_op.f("ix_programme_application_recommender_id"))
        batch_op.drop_index(batch_op.f("ix_programme_application_organisation_id"))

    op.drop_table("programme_application")
    with op.batch_alter_table("expert_review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_expert_review_account_id"))

    op.drop_table("expert_review")
    with op.batch_alter_table("base_standing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_base_standing_training_base_id"))

    op.drop_table("base_standing")
    with op.batch_alter_table("base_reminder", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_base_reminder_training_base_id"))

    op.drop_table("base_reminder")
    with op.batch_alter_table("base_exchange", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_base_exchange_training_base_id"))

    op.drop_table("base_exchange")
    with op.batch_alter_table("base_assessment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_base_assessment_training_base_id"))

    op.drop_table("base_assessment")
    with op.batch_alter_table("official_document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_official_document_subject"))
        batch_op.drop_index(batch_op.f("ix_official_document_person_id"))

    op.drop_table("official_document")
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_objection_notice_id"))

    op.drop_table("objection")
    with op.batch_alter_table("public_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_public_notice_subject"))
        batch_op.drop_index(batch_op.f("ix_public_notice_published_at"))

    op.drop_table("public_notice")
