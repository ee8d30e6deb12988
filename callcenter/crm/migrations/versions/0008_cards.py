"""What stands on cards: statuses, notes, tags, links, merges, and the words they are found by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.crm import matching
from callcenter.tables import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "statuses",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statuses")),
        sa.UniqueConstraint("code", name=op.f("uq_statuses_code")),
    )
    op.create_table(
        "word_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", "word", name=op.f("pk_word_keys")),
    )
    with op.batch_alter_table("word_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_word_keys_word"), ["word"], unique=False)

    op.create_table(
        "card_words",
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_card_words_customer_id")),
        sa.PrimaryKeyConstraint("word", "customer_id", name=op.f("pk_card_words")),
    )
    with op.batch_alter_table("card_words", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_card_words_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "customer_links",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["customers.id"], name=op.f("fk_customer_links_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["customers.id"], name=op.f("fk_customer_links_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_links")),
        sa.UniqueConstraint(
            "person_id", "organisation_id", "role", name=op.f("uq_customer_links_person_id_organisation_id_role")
        ),
    )
    with op.batch_alter_table("customer_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_links_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "customer_tags",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_tags_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "folded", name=op.f("pk_customer_tags")),
    )
    with op.batch_alter_table("customer_tags", schema=None) as batch_op:
        batch_op.create_index("ix_customer_tags_folded", ["folded", "customer_id"], unique=False)

    op.create_table(
        "merges",
        sa.Column("loser_id", sa.Uuid(), nullable=False),
        sa.Column("survivor_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("undone_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_merges_by_id")),
        sa.ForeignKeyConstraint(["loser_id"], ["customers.id"], name=op.f("fk_merges_loser_id")),
        sa.ForeignKeyConstraint(["survivor_id"], ["customers.id"], name=op.f("fk_merges_survivor_id")),
        sa.ForeignKeyConstraint(["undone_by_id"], ["users.id"], name=op.f("fk_merges_undone_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    with op.batch_alter_table("merges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_merges_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_merges_loser_id"), ["loser_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_merges_survivor_id"), ["survivor_id"], unique=False)

    op.create_table(
        "notes",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("edited_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_notes_author_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_notes_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    with op.batch_alter_table("notes", schema=None) as batch_op:
        batch_op.create_index("ix_notes_customer", ["customer_id", "created_at"], unique=False)

    op.create_table(
        "status_changes",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_status_changes_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_status_changes_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_changes")),
    )
    with op.batch_alter_table("status_changes", schema=None) as batch_op:
        batch_op.create_index("ix_status_changes_customer", ["customer_id", "at"], unique=False)

    op.create_table(
        "linked_calls",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("was_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_linked_calls_call_id")),
        sa.ForeignKeyConstraint(["was_id"], ["customers.id"], name=op.f("fk_linked_calls_was_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_linked_calls")),
    )
    with op.batch_alter_table("linked_calls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_linked_calls_point_id"), ["point_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_linked_calls_was_id"), ["was_id"], unique=False)

    with op.batch_alter_table("contact_points", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("bad_since", UtcDateTime(timezone=True), nullable=True))

    with op.batch_alter_table("phone_numbers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last4", sa.Text(), nullable=False, server_default=""))
        batch_op.create_index(batch_op.f("ix_phone_numbers_last4"), ["last4"], unique=False)

    with op.batch_alter_table("contact_points", schema=None) as batch_op:
        batch_op.alter_column("shared", server_default=None)
    with op.batch_alter_table("phone_numbers", schema=None) as batch_op:
        batch_op.alter_column("last4", server_default=None)
    _fill()


def _fill() -> None:
    """Numbers and cards that are there already can be found too."""
    connection = op.get_bind()
    digits = sa.func.replace(sa.column("key"), "raw:", "")
    postgres = connection.dialect.name == "postgresql"
    last = sa.func.right(digits, 4) if postgres else sa.func.substr(digits, -4)
    connection.execute(sa.table("phone_numbers", sa.column("last4")).update().values(last4=last))
    card = sa.table("customers", *(sa.column(name) for name in ("id", "name", "organisation", "email")))
    words = sa.table("card_words", sa.column("word", sa.Text()), sa.column("customer_id", sa.Uuid()))
    keys = sa.table("word_keys", sa.column("key", sa.Text()), sa.column("word", sa.Text()))
    known: set[str] = set()
    rows = connection.execute(
        sa.select(card.c.name, card.c.organisation, card.c.email, sa.type_coerce(card.c.id, sa.Uuid()))
    )
    for name, organisation, email, customer in rows.all():
        found = matching.words_of(name, organisation, email)
        if found:
            connection.execute(words.insert(), [{"word": word, "customer_id": customer} for word in found])
        fresh = found - known
        known |= fresh
        if fresh:
            connection.execute(
                keys.insert(), [{"key": k, "word": word} for word in fresh for k in matching.keys_of(word)]
            )


def downgrade() -> None:
    with op.batch_alter_table("phone_numbers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_phone_numbers_last4"))
        batch_op.drop_column("last4")
    with op.batch_alter_table("contact_points", schema=None) as batch_op:
        batch_op.drop_column("bad_since")
        batch_op.drop_column("shared")
    for table in (
        "linked_calls",
        "status_changes",
        "notes",
        "merges",
        "customer_tags",
        "customer_links",
        "card_words",
        "word_keys",
        "statuses",
    ):
        op.drop_table(table)
