"""What was decided holds at once; where the records cannot be read at that moment, as soon as they can be."""

from __future__ import annotations

import asyncio

from sqlalchemy import text
from sqlalchemy.orm import Session

from callcenter.crm import outcome_rules
from callcenter.crm.outcome_rules import OutcomeRulesBody
from callcenter.db import Database
from callcenter.decided import Decided
from callcenter.news import OutcomeRulesChanged
from callcenter.pbx_events import LinkUp
from callcenter.pbx_rows import PbxRow, PbxRows
from tests.spine.story import START
from tests.until import until_async


def most(session: Session) -> int:
    return outcome_rules.read(session).deferrals


async def names(db: Database, old: str, new: str) -> None:
    """A table that is away: reading it fails as reading a database does that is away."""
    await db.write(lambda s: s.execute(text(f"ALTER TABLE {old} RENAME TO {new}")))


async def decide(db: Database, deferrals: int) -> None:
    await db.write(lambda s: outcome_rules.write(s, OutcomeRulesBody(deferrals=deferrals)))


async def test_what_is_decided_holds_before_its_author_is_answered(db: Database) -> None:
    decided = Decided(db, "deferrals", most, 0)
    await decided.start()
    assert decided.value == 3
    await decide(db, 7)
    await decided.changed(OutcomeRulesChanged())
    assert decided.value == 7


async def test_what_could_not_be_read_is_read_as_soon_as_it_can_be(sqlite_db: Database) -> None:
    taken: list[int] = []

    async def take() -> None:
        taken.append(decided.value)

    decided = Decided(sqlite_db, "deferrals", most, 0, take)
    await decide(sqlite_db, 7)
    running = asyncio.create_task(decided.run())
    await names(sqlite_db, "policies", "away")
    await decided.changed(OutcomeRulesChanged())
    assert (decided.value, taken) == (0, [])
    await names(sqlite_db, "away", "policies")
    await until_async(lambda: taken == [7], what="it is read again")
    assert decided.value == 7
    running.cancel()


async def test_a_pbx_is_told_soon_after_a_database_that_was_away_for_a_moment(sqlite_db: Database) -> None:
    asked, written = asyncio.Semaphore(0), list[str]()

    async def said(_pbx: str) -> list[PbxRow]:
        asked.release()
        return [PbxRow(family="callcenter", key="deferrals", value=str(await sqlite_db.read(most)))]

    async def send(action: object, _timeout: float) -> list[dict[str, str]]:
        written.append(str(action))
        return []

    rows = PbxRows("deferrals", said, {"main": send}, lambda _pbx: True)
    await names(sqlite_db, "policies", "away")
    running = asyncio.create_task(rows.run())
    await rows.link_up(LinkUp(pbx="main", at=START, rebooted=False))
    await asked.acquire()
    await sqlite_db.read(lambda s: s.execute(text("SELECT 1")))
    await names(sqlite_db, "away", "policies")
    await until_async(lambda: written, what="the row is written")
    running.cancel()
