"""Teachers, environments and plans of training; materials; completion assessments as exams."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "teacher",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("qualification", sa.String(length=200), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("qualified_until", sa.Date(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_teacher_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teacher")),
    )
    with op.batch_alter_table("teacher", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_teacher_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "teaching_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column(
            "level",
            sa.Enum("junior", "intermediate", "senior", name="level", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("edition", sa.String(length=40), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_teaching_plan_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teaching_plan")),
        sa.UniqueConstraint("token", name=op.f("uq_teaching_plan_token")),
    )
    with op.batch_alter_table("teaching_plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_teaching_plan_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "training_environment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("classroom", "laboratory", "platform", name="environmentkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("hardware", sa.Text(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_training_environment_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_environment")),
    )
    with op.batch_alter_table("training_environment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_environment_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "class_material",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("training_class_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_class_id"],
            ["training_class.id"],
            name=op.f("fk_class_material_training_class_id_training_class"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_material")),
    )
    with op.batch_alter_table("class_material", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_class_material_training_class_id"), ["training_class_id"], unique=False)

    with op.batch_alter_table("exam_plan", schema=None) as batch_op:
        batch_op.add_column(sa.Column("training_class_id", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_exam_plan_training_class_id"), ["training_class_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_exam_plan_training_class_id_training_class"), "training_class", ["training_class_id"], ["id"]
        )

    with op.batch_alter_table("lesson", schema=None) as batch_op:
        batch_op.add_column(sa.Column("teacher_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("environment_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("address", sa.String(length=200), server_default="", nullable=False))
        batch_op.add_column(sa.Column("tasks", sa.JSON(), server_default="[]", nullable=False))
        batch_op.create_index(batch_op.f("ix_lesson_environment_id"), ["environment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lesson_teacher_id"), ["teacher_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_lesson_teacher_id_teacher"), "teacher", ["teacher_id"], ["id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_lesson_environment_id_training_environment"),
            "training_environment",
            ["environment_id"],
            ["id"],
        )

    with op.batch_alter_table("training_class", schema=None) as batch_op:
        batch_op.add_column(sa.Column("plan_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("assessor_id", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_training_class_assessor_id"), ["assessor_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_training_class_assessor_id_organisation"), "organisation", ["assessor_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_training_class_plan_id_teaching_plan"), "teaching_plan", ["plan_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("training_class", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_training_class_plan_id_teaching_plan"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_training_class_assessor_id_organisation"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_training_class_assessor_id"))
        batch_op.drop_column("assessor_id")
        batch_op.drop_column("plan_id")

    with op.batch_alter_table("lesson", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_lesson_environment_id_training_environment"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_lesson_teacher_id_teacher"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_lesson_teacher_id"))
        batch_op.drop_index(batch_op.f("ix_lesson_environment_id"))
        batch_op.drop_column("tasks")
        batch_op.drop_column("address")
        batch_op.drop_column("environment_id")
        batch_op.drop_column("teacher_id")

    with op.batch_alter_table("exam_plan", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_exam_plan_training_class_id_training_class"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_exam_plan_training_class_id"))
        batch_op.drop_column("training_class_id")

    with op.batch_alter_table("class_material", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_class_material_training_class_id"))

    op.drop_table("class_material")
    with op.batch_alter_table("training_environment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_training_environment_organisation_id"))

    op.drop_table("training_environment")
    with op.batch_alter_table("teaching_plan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_teaching_plan_organisation_id"))

    op.drop_table("teaching_plan")
    with op.batch_alter_table("teacher", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_teacher_organisation_id"))

    op.drop_table("teacher")
