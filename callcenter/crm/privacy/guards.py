"""Tables that only grow, by order of the database itself: whoever reaches it past our code is refused too.

Laid after every migration, because SQLite drops a table's triggers when a migration rebuilds it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.engine import Connection

_UNTIL: Final = "(SELECT coalesce(max(seq), 0) FROM audit_cuts)"
_KEPT: Final = {
    "audit": f"NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.audit_id = OLD.id AND s.seq <= {_UNTIL})",  # noqa: S608
    "audit_seals": f"OLD.seq > {_UNTIL}",
    "audit_cuts": "",
    "recording_notices": "",
    "staff_notices": "",
    "staff_acknowledgements": "",
}
"""By table: which rows may not go. Empty: none may. What was cut off by age may."""

_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION callcenter_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def lay(connection: Connection) -> None:
    """Lays the triggers anew. Safe to repeat."""
    postgres = connection.dialect.name == "postgresql"
    if postgres:
        connection.execute(text(_FUNCTION))
    for table, kept in _KEPT.items():
        for statement in _postgres(table, kept) if postgres else _sqlite(table, kept):
            connection.execute(text(statement))


def _postgres(table: str, kept: str) -> list[str]:
    on = f"ON {table}"
    call = "EXECUTE FUNCTION callcenter_stays()"
    if not kept:
        return [
            f"CREATE OR REPLACE TRIGGER {table}_stays BEFORE UPDATE OR DELETE {on} FOR EACH ROW {call}",
            f"CREATE OR REPLACE TRIGGER {table}_not_emptied BEFORE TRUNCATE {on} FOR EACH STATEMENT {call}",
        ]
    # A trigger's WHEN may hold no query: the question moves into a function of its own.
    body = f"BEGIN IF {kept} THEN RAISE EXCEPTION '{table} only grows' USING ERRCODE = 'restrict_violation'; END IF;"
    asks = f"{table}_may_go"
    return [
        f"CREATE OR REPLACE FUNCTION {asks}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} RETURN OLD; END $$",
        f"CREATE OR REPLACE TRIGGER {table}_unchanged BEFORE UPDATE {on} FOR EACH ROW {call}",
        f"CREATE OR REPLACE TRIGGER {table}_stays BEFORE DELETE {on} FOR EACH ROW EXECUTE FUNCTION {asks}()",
        f"CREATE OR REPLACE TRIGGER {table}_not_emptied BEFORE TRUNCATE {on} FOR EACH STATEMENT {call}",
    ]


def _sqlite(table: str, kept: str) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
    when = f"WHEN {kept} " if kept else ""
    # INSERT OR REPLACE deletes without asking the trigger for deletes.
    again = f"WHEN EXISTS (SELECT 1 FROM {table} t WHERE t.rowid = NEW.rowid OR {_same(table)}) "  # noqa: S608
    statements = {
        "unchanged": f"BEFORE UPDATE ON {table} {refuse}",
        "stays": f"BEFORE DELETE ON {table} {when}{refuse}",
        "not_replaced": f"BEFORE INSERT ON {table} {again}{refuse}",
    }
    laid = []
    for name, rest in statements.items():
        laid += [f"DROP TRIGGER IF EXISTS {table}_{name}", f"CREATE TRIGGER {table}_{name} {rest}"]
    return laid


def _same(table: str) -> str:
    """Whether the new row has the key of one that is there."""
    if table == "audit_seals":
        return "t.seq = NEW.seq OR t.audit_id = NEW.audit_id"
    if table == "staff_acknowledgements":
        return "t.user_id = NEW.user_id AND t.notice_id = NEW.notice_id"
    return "t.id = NEW.id"
