"""The audit trail only grows, and whoever gets past that leaves a broken chain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from callcenter.crm import audit
from callcenter.crm.privacy import chain
from callcenter.crm.privacy.chain import Checked
from callcenter.db import Database
from tests.spine.story import START

OFF = {"sqlite": "DROP TRIGGER audit_{0}", "postgres": "ALTER TABLE audit DISABLE TRIGGER audit_{0}"}


async def lines(db: Database, count: int, *, days: int = 0) -> None:
    def write(session: Session) -> None:
        for n in range(count):
            audit.record(session, None, "listen", ("recording", f"{days}-{n}"), START + timedelta(days=days, seconds=n))

    await db.write(write)
    await db.write(chain.seal)


async def checked(db: Database, head: str = "", *, days: int = 0) -> Checked:
    return await db.read(lambda s: chain.check(s, START + timedelta(days=days, minutes=5), head=head))


async def tamper(db: Database, trigger: str, statement: str) -> None:
    """As somebody does who owns the database: guards off, then the change."""
    off = OFF["sqlite" if db.sqlite else "postgres"].format(trigger)

    def write(session: Session) -> None:
        session.execute(text(off))
        session.execute(text(statement))

    await db.write(write)


def of(line: str) -> str:
    return f"(SELECT audit_id FROM audit_seals WHERE seq = {line})"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor_name = 'nobody'",
        "DELETE FROM audit",
        "UPDATE audit_seals SET digest = 'x'",
        "DELETE FROM audit_seals",
    ],
)
async def test_the_database_itself_refuses_to_change_a_line(db: Database, statement: str) -> None:
    await lines(db, 3)
    with pytest.raises(DBAPIError, match="only grows"):
        await db.write(lambda s: s.execute(text(statement)))
    assert (await checked(db)).links == 3


async def test_a_line_cannot_be_replaced_past_the_guards(sqlite_db: Database) -> None:
    await lines(sqlite_db, 2)
    again = "INSERT OR REPLACE INTO audit SELECT * FROM audit"
    with pytest.raises(DBAPIError, match="only grows"):
        await sqlite_db.write(lambda s: s.execute(text(again)))
    assert (await checked(sqlite_db)).whole


async def test_an_emptied_trail_is_refused_on_postgresql(postgres_url: str) -> None:
    db = Database(postgres_url)
    await db.start()
    with pytest.raises(DBAPIError, match="only grows"):
        await db.write(lambda s: s.execute(text("TRUNCATE audit")))
    await db.close()


async def test_a_whole_chain_is_whole_and_knows_a_digest_written_down_before(db: Database) -> None:
    await lines(db, 5)
    noted = (await checked(db)).head.digest
    await lines(db, 5)
    found = await checked(db, noted)
    assert (found.whole, found.links, found.head.seq) == (True, 10, 10)
    assert not (await checked(db, "f" * 64)).whole


async def test_a_changed_line_shows_where_it_stood(db: Database) -> None:
    await lines(db, 5)
    await tamper(db, "unchanged", f"UPDATE audit SET actor_name = 'nobody' WHERE id = {of('3')}")
    found = await checked(db)
    assert (found.broken_at, found.why) == (3, "changed")


async def test_a_line_taken_out_shows_where_it_stood(db: Database) -> None:
    await lines(db, 5)
    await tamper(db, "stays", f"DELETE FROM audit WHERE id = {of('4')}")
    found = await checked(db)
    assert (found.broken_at, found.why) == (4, "missing")


async def test_what_is_too_old_goes_and_the_rest_still_holds(db: Database) -> None:
    await lines(db, 4)
    await lines(db, 3, days=40)
    before = START + timedelta(days=30)
    assert await db.write(lambda s: chain.cut(s, before, START + timedelta(days=40, minutes=1)))
    dropped: Callable[[Session], Any] = chain.drop
    assert await db.write(dropped) == 4
    assert await db.write(dropped) == 0
    await db.write(chain.seal)
    found = await checked(db, days=40)
    assert (found.whole, found.links, found.head.seq) == (True, 4, 8)
