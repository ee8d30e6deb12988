"""A database with people, phones and one outcome."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from callcenter.crm.models.desks import Extension
from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.crm.models.people import User
from callcenter.db import Database
from tests.routing.house import CODE
from tests.spine.story import ANNA, BORIS, START


@pytest.fixture
async def staffed(db: Database) -> Database:
    def fill(session: Session) -> None:
        for agent, name in ((ANNA, "anna"), (BORIS, "boris")):
            row = User(id=agent, username=name, display_name=name.title(), password_hash="", role="agent")
            row.created_at = START
            session.add(row)
        for number in ("101", "102"):
            phone = [f"PJSIP/{number}"]
            session.add(Extension(pbx="main", number=number, devices=phone, interfaces=phone))
        session.add(OutcomeCode(id=CODE, code="done", labels={"en": "Done"}, key=1))

    await db.write(fill)
    return db
