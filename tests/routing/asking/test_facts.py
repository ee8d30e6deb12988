"""What is known of a number, in one read on both databases."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.crm.identify import add_contact_point, number_row
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.people import User
from callcenter.crm.models.routing import BlockedNumber
from callcenter.crm.models.tasks import Task
from callcenter.db import Database
from callcenter.routing.asking.facts import read
from callcenter.routing.asking.route import Block, Facts, Source
from tests.routing.asking.rules import ANNA, BORIS, CLARA, NOW, ago

OLGA = phone.parse("+79161234567", "RU")


def people(session: Session) -> None:
    session.add_all(
        User(id=one, username=str(one), display_name="", password_hash="", role="agent", created_at=NOW)
        for one in (ANNA, BORIS, CLARA)
    )
    session.flush()


def card(session: Session, **said: object) -> UUID:
    made = Customer(**{"name": "Olga", "created_at": NOW, "updated_at": NOW, **said})
    session.add(made)
    session.flush()
    add_contact_point(session, made.id, OLGA, NOW)
    return made.id


def talk(session: Session, customer: UUID, agent: UUID | None, days: int, *, answered: bool = True) -> None:
    at = ago(days=days)
    told = {"pbx": "main", "direction": "inbound", "state": "ended", "number_raw": "", "withheld": False}
    call = CallRow(**told, uniqueid=f"{days}.1", customer_id=customer, started_at=at)
    session.add(call)
    session.flush()
    named = {"device": "PJSIP/101", "leg": "", "role": "owner", "via": "queue"}
    session.add(SegmentRow(**named, call_id=call.id, seq=1, agent_id=agent, answered_at=at if answered else None))


def owed(session: Session, customer: UUID, **said: object) -> None:
    usual = {"kind": "callback", "customer_id": customer, "order_at": NOW, "created_at": NOW, "updated_at": NOW}
    session.add(Task(**usual | said))


async def facts(db: Database) -> Facts:
    return await db.read(lambda session: read(session, OLGA.key, NOW))


async def test_all_that_is_known_of_a_card(db: Database) -> None:
    def fill(session: Session) -> None:
        people(session)
        olga = card(session, vip=True, status="hot", language="ru", owner_id=ANNA)
        talk(session, olga, CLARA, 9)
        talk(session, olga, BORIS, 5)
        talk(session, olga, CLARA, 2, answered=False)
        talk(session, olga, None, 1)
        owed(session, olga)
        owed(session, olga, assignee_id=BORIS)
        owed(session, olga, claimed_by_id=ANNA, closed_at=NOW)
        session.add(BlockedNumber(number_id=number_row(session, OLGA), reason="spam", created_at=NOW, until=NOW))

    await db.write(fill)
    found = await facts(db)
    only = found.callers[0]
    assert (found.source, found.block, len(found.callers)) == (Source.READ, Block(until=NOW), 1)
    assert (only.name, only.status, only.vip, only.language, only.owner) == ("Olga", "hot", True, "ru", ANNA)
    assert (only.last_agent, only.last_talk) == (BORIS, ago(days=5))
    assert (only.call_back, only.call_back_agent) == (True, BORIS)
    assert found.agents == {ANNA, BORIS}


async def test_nobody_several_and_a_card_that_was_merged_away(db: Database) -> None:
    assert await facts(db) == Facts(source=Source.READ)

    def fill(session: Session) -> None:
        kept = card(session)
        card(session, organisation="Office", name="")
        card(session, name="Olga again", merged_into=kept)

    await db.write(fill)
    assert {one.name for one in (await facts(db)).callers} == {"Olga", "Office"}
