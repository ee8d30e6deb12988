"""The migrations make what the models say, on both databases."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.crm.schema import drift, migrate
from callcenter.db import Database


async def test_migrations_make_exactly_the_models(db_url: str) -> None:
    assert await asyncio.to_thread(drift, db_url) == []


async def test_migrating_twice_changes_nothing(db_url: str, db: Database) -> None:
    before = await db.read(lambda s: list(s.scalars(select(OutcomeCode.id))))
    await asyncio.to_thread(migrate, db_url)
    assert await db.read(lambda s: list(s.scalars(select(OutcomeCode.id)))) == before


async def test_a_new_call_center_has_outcomes_in_four_languages(db: Database) -> None:
    codes = await db.read(lambda s: {c.code: c for c in s.scalars(select(OutcomeCode))})
    chosen = {"solved", "callback", "order", "complaint", "wrong_number", "no_interest", "other", "transferred"}
    assert {code for code, row in codes.items() if row.active} == chosen
    assert set(codes) - chosen == {"short_call"}
    assert codes["complaint"].comment == codes["other"].comment == "required"
    assert all(set(c.labels) == {"en", "ru", "it", "az"} for c in codes.values())
