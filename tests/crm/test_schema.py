"""The migrations make what the models say, on both databases."""

from __future__ import annotations

import asyncio
from importlib import import_module

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, select
from sqlalchemy.orm import Session

from callcenter.crm import task_policy
from callcenter.crm.code_rules import System
from callcenter.crm.models.office import Policy
from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.crm.models.queues import Queue
from callcenter.crm.schema import drift, migrate
from callcenter.db import Database


async def test_migrations_make_exactly_the_models(db_url: str) -> None:
    assert await asyncio.to_thread(drift, db_url) == []


async def test_migrating_twice_changes_nothing(db_url: str, db: Database) -> None:
    before = await db.read(lambda s: list(s.scalars(select(OutcomeCode.id))))
    await asyncio.to_thread(migrate, db_url)
    assert await db.read(lambda s: list(s.scalars(select(OutcomeCode.id)))) == before


def test_clocks_of_missed_callers_follow_to_every_pbx_that_has_the_queue(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url, poolclass=NullPool)
    with Session(engine) as session, Operations.context(MigrationContext.configure(session.connection())):
        session.add(Policy(key="tasks", value={"callback_minutes": 45, "queues": {"support": 5, "gone": 7}}))
        session.add_all(Queue(pbx=pbx, name="support") for pbx in ("main", "branch"))
        session.flush()
        clocks = import_module("callcenter.crm.migrations.versions.0025_clocks_by_pbx")
        clocks.upgrade()
        policy = task_policy.read(session)
        assert [
            policy.call_back_within(*queue).seconds // 60 for queue in (("main", "support"), ("main", "sales"))
        ] == [5, 45]
        assert {rule.pbx for rule in policy.queues} == {"main", "branch"}
        clocks.downgrade()
        assert session.scalars(select(Policy.value)).one()["queues"] == {"support": 5}
    engine.dispose()


async def test_a_new_call_center_has_outcomes_in_four_languages(db: Database) -> None:
    codes = await db.read(lambda s: {c.code: c for c in s.scalars(select(OutcomeCode))})
    chosen = {"solved", "callback", "order", "complaint", "no_interest", "other", "transferred"} | set(System)
    assert {code for code, row in codes.items() if row.active} == chosen
    assert set(codes) - chosen == {"short_call", "timed_out"}
    assert codes["complaint"].comment == codes["other"].comment == "required"
    assert all(set(c.labels) == {"en", "ru", "it", "az"} for c in codes.values())
