"""The life of an item: comments, tasks, trials, statistics, readings, bulk edits, and a search by words."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A full-text index by trigrams, for Chinese has no spaces between words. Triggers keep it: a migration that rebuilds
# bank_item on SQLite must make them anew. An encrypted text leaves no words behind.
NEW_WORDS = "CASE WHEN new.text LIKE 'sealed:%' THEN '' ELSE new.text END"
SQLITE_WORDS = [
    "CREATE TABLE bank_item_row (id INTEGER PRIMARY KEY, item_id CHAR(32) NOT NULL UNIQUE)",
    "CREATE VIRTUAL TABLE bank_item_words USING fts5(item_id UNINDEXED, words, tokenize='trigram')",
    f"""CREATE TRIGGER bank_item_words_insert AFTER INSERT ON bank_item BEGIN
        INSERT INTO bank_item_row (item_id) VALUES (new.id);
        INSERT INTO bank_item_words (rowid, item_id, words)
            SELECT id, item_id, {NEW_WORDS} FROM bank_item_row WHERE item_id = new.id;
    END""",
    f"""CREATE TRIGGER bank_item_words_update AFTER UPDATE OF text ON bank_item BEGIN
        UPDATE bank_item_words SET words = {NEW_WORDS}
            WHERE rowid = (SELECT id FROM bank_item_row WHERE item_id = new.id);
    END""",
    """CREATE TRIGGER bank_item_words_delete AFTER DELETE ON bank_item BEGIN
        DELETE FROM bank_item_words WHERE rowid = (SELECT id FROM bank_item_row WHERE item_id = old.id);
        DELETE FROM bank_item_row WHERE item_id = old.id;
    END""",
    "INSERT INTO bank_item_row (item_id) SELECT id FROM bank_item",
    """INSERT INTO bank_item_words (rowid, item_id, words)
        SELECT r.id, r.item_id, i.text FROM bank_item_row r JOIN bank_item i ON i.id = r.item_id""",
]
SQLITE_WORDS_DOWN = [
    "DROP TRIGGER bank_item_words_insert",
    "DROP TRIGGER bank_item_words_update",
    "DROP TRIGGER bank_item_words_delete",
    "DROP TABLE bank_item_words",
    "DROP TABLE bank_item_row",
]
POSTGRESQL_WORDS = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX ix_bank_item_text_words ON bank_item USING gin (text gin_trgm_ops)",
]


def upgrade() -> None:
    op.create_table(
        "bank_bulk_edit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=60), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_bank_bulk_edit_bank_id_bank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_bulk_edit")),
    )
    with op.batch_alter_table("bank_bulk_edit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_bulk_edit_bank_id"), ["bank_id"], unique=False)

    op.create_table(
        "bank_picture",
        sa.Column("name", sa.String(length=70), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bank_picture")),
    )
    op.create_table(
        "bank_writing_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("assignee", sa.String(length=80), nullable=False),
        sa.Column("outline", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_bank_writing_task_bank_id_bank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_writing_task")),
    )
    with op.batch_alter_table("bank_writing_task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_writing_task_assignee"), ["assignee"], unique=False)
        batch_op.create_index(batch_op.f("ix_bank_writing_task_bank_id"), ["bank_id"], unique=False)

    op.create_table(
        "bank_item_reading",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["bank_item.id"], name=op.f("fk_bank_item_reading_item_id_bank_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_item_reading")),
    )
    with op.batch_alter_table("bank_item_reading", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_item_reading_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_bank_item_reading_item_id"), ["item_id"], unique=False)

    op.create_table(
        "bank_item_statistic",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("variant", sa.String(length=60), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("responses", sa.Integer(), nullable=False),
        sa.Column("facility", sa.Double(), nullable=True),
        sa.Column("discrimination", sa.Double(), nullable=True),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("rest", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["bank_item.id"], name=op.f("fk_bank_item_statistic_item_id_bank_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_item_statistic")),
        sa.UniqueConstraint(
            "item_id", "number", "variant", "source", name=op.f("uq_bank_item_statistic_item_id_number_variant_source")
        ),
    )
    with op.batch_alter_table("bank_item_statistic", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_item_statistic_item_id"), ["item_id"], unique=False)

    op.create_table(
        "bank_item_comment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"], ["bank_item_version.id"], name=op.f("fk_bank_item_comment_version_id_bank_item_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_item_comment")),
    )
    with op.batch_alter_table("bank_item_comment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_item_comment_version_id"), ["version_id"], unique=False)

    with op.batch_alter_table("bank_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("uses", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("facility", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("discrimination", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("poor", sa.Boolean(), server_default="0", nullable=False))

    with op.batch_alter_table("bank_release", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pilot", sa.Boolean(), server_default="0", nullable=False))

    with op.batch_alter_table("exam_plan", schema=None) as batch_op:
        batch_op.add_column(sa.Column("trial", sa.Boolean(), server_default="0", nullable=False))

    for statement in SQLITE_WORDS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_WORDS:
        op.execute(statement)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_WORDS_DOWN if sqlite else ["DROP INDEX ix_bank_item_text_words"]:
        op.execute(statement)
    with op.batch_alter_table("exam_plan", schema=None) as batch_op:
        batch_op.drop_column("trial")

    with op.batch_alter_table("bank_release", schema=None) as batch_op:
        batch_op.drop_column("pilot")

    with op.batch_alter_table("bank_item", schema=None) as batch_op:
        batch_op.drop_column("poor")
        batch_op.drop_column("discrimination")
        batch_op.drop_column("facility")
        batch_op.drop_column("uses")

    with op.batch_alter_table("bank_item_comment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bank_item_comment_version_id"))

    op.drop_table("bank_item_comment")
    with op.batch_alter_table("bank_item_statistic", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bank_item_statistic_item_id"))

    op.drop_table("bank_item_statistic")
    with op.batch_alter_table("bank_item_reading", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bank_item_reading_item_id"))
        batch_op.drop_index(batch_op.f("ix_bank_item_reading_at"))

    op.drop_table("bank_item_reading")
    with op.batch_alter_table("bank_writing_task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bank_writing_task_bank_id"))
        batch_op.drop_index(batch_op.f("ix_bank_writing_task_assignee"))

    op.drop_table("bank_writing_task")
    with op.batch_alter_table("bank_bulk_edit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bank_bulk_edit_bank_id"))

    op.drop_table("bank_bulk_edit")
    op.drop_table("bank_picture")
