"""Whether a number that a desk phone dialled may be called: read as it may be meant, and judged by marks and rights."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.crm import do_not_call
from callcenter.crm.identify import add_contact_point, number_row
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.office import Audit
from callcenter.crm.models.outcomes import DoNotCall
from callcenter.crm.models.people import User
from callcenter.crm.outcome_rules import NOT_CALLED_SOUND
from callcenter.db import Database
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.prefixes import Prefix
from callcenter.roster import AgentId, Device
from callcenter.routing.asking.agi import Asked, Ruling, ruled
from callcenter.routing.asking.outgoing import Dialled, judge, meant
from tests.routing.asking.rules import ANNA, BORIS, CLARA, NOW
from tests.routing.test_api import Site, site
from tests.until import until_async

__all__ = ["site"]
OLGA = phone.parse("+79161234567", "RU")
MARIO = phone.parse("+390212345678", "IT")
REFUSED = Ruling(refused=True, sound=NOT_CALLED_SOUND)
DESK = Device(pbx="main", name="PJSIP/101")
MAP = PbxMap(
    pbx="main",
    region="RU",
    rules=(
        Rule(pattern="PJSIP/voip-it", kind=Kind.TRUNK, region="IT"),
        Rule(pattern="PJSIP/mtt-msk", kind=Kind.TRUNK, dialling=(Prefix(strip="+7", add="7798"),)),
        Rule(pattern="PJSIP/1*", kind=Kind.DEVICE),
    ),
)


@pytest.mark.parametrize(
    "dialled",
    ["89161234567", "79161234567", "+79161234567", "9161234567", "0079161234567", "989161234567", "77989161234567"],
)
def test_a_number_is_the_same_however_it_was_dialled(dialled: str) -> None:
    """At home, abroad, without anything before it, behind a digit for the outside line, and as a trunk wants it."""
    assert OLGA.key in meant(MAP, dialled)


def test_a_number_is_read_in_the_country_of_each_trunk_too() -> None:
    assert meant(MAP, "0212345678") >= {MARIO.key}
    assert OLGA.key not in meant(MAP, "89161234568")


@pytest.mark.parametrize("dialled", ["112", "103", "9112", "+112"])
def test_help_means_nobody(dialled: str) -> None:
    assert meant(MAP, dialled) == frozenset()


def people(session: Session) -> None:
    for one, role, active in ((ANNA, "agent", True), (BORIS, "supervisor", True), (CLARA, "admin", False)):
        session.add(
            User(id=one, username=role, display_name="", password_hash="", role=role, active=active, created_at=NOW)
        )
    session.flush()


def card(session: Session, **said: object) -> UUID:
    made = Customer(**{"name": "Olga", "created_at": NOW, "updated_at": NOW, **said})
    session.add(made)
    session.flush()
    return made.id


async def judged(db: Database, agent: AgentId | None, number: phone.Phone) -> Ruling:
    dialled = Dialled(meant=frozenset({number.key, "raw:555"}), device=DESK, agent=agent)
    return await db.glance(partial(judge, dialled=dialled))


async def test_who_is_not_to_be_called_is_called_by_a_supervisor_only(db: Database) -> None:
    """Who left, and a phone at which nobody sits, may as little as an agent; everybody calls everybody else."""

    def fill(session: Session) -> None:
        people(session)
        one = card(session)
        for number in (OLGA, MARIO):
            add_contact_point(session, one, number, NOW)
        do_not_call.mark(session, DoNotCall(customer_id=one, why="", at=NOW))

    await db.write(fill)
    for number in (OLGA, MARIO):
        for agent in (ANNA, CLARA, None):
            assert await judged(db, agent, number) == REFUSED
        assert await judged(db, BORIS, number) == Ruling(all_the_same=True)
    assert await judged(db, ANNA, phone.parse("+79161234568", "RU")) == Ruling()


async def test_a_number_on_no_card_and_one_of_a_card_that_was_merged(db: Database) -> None:
    def fill(session: Session) -> None:
        kept = card(session)
        add_contact_point(session, kept, OLGA, NOW)
        gone = card(session, merged_into=kept)
        session.add(DoNotCall(customer_id=gone, at=NOW))
        session.add(DoNotCall(number_id=number_row(session, MARIO), at=NOW + timedelta(days=1)))

    assert not await db.glance(do_not_call.anybody)
    await db.write(fill)
    assert await db.glance(do_not_call.anybody)
    for number in (OLGA, MARIO):
        assert await judged(db, None, number) == REFUSED


def test_the_pbx_is_told_in_one_word_and_the_sounds() -> None:
    assert ruled(Ruling()) == ruled(Ruling(all_the_same=True)) == [b'SET VARIABLE CC_MAY "yes"\n']
    assert ruled(REFUSED) == [f'SET VARIABLE CC_MAY "no|{NOT_CALLED_SOUND}"\n'.encode()]


async def answered(site: Site, number: str, channel: str = "PJSIP/101-0000002a") -> list[bytes]:
    """What a PBX is told of a number that this phone dialled."""
    question = {"pbx": "main", "token": "", "uniqueid": "7.7", "queue": "", "outgoing": True}
    reply = await site.parts.outgoing.reply(Asked(**question, channel=channel, number=number))  # type: ignore[arg-type]
    reply.taken(0.01)
    return list(reply.commands)


async def test_what_is_forbidden_on_a_card_is_forbidden_at_the_phone_until_it_is_allowed(site: Site) -> None:
    """Nobody is asked before. A supervisor's call all the same is on the trail, as his click is."""
    outgoing = site.parts.outgoing
    anna, chief = await site.person("anna", "agent"), await site.person("chief", "supervisor")
    made = await anna.post("/customers", {"name": "Olga", "numbers": [{"raw": OLGA.key}]}, Idempotency_Key="olga-1")
    forbidden = f"/customers/{made.body['id']}/do-not-call"
    async with asyncio.TaskGroup() as group:
        running = group.create_task(outgoing.run())
        assert not await outgoing.asks()
        await anna.put(forbidden, {"why": "asked us to stop"})
        assert await outgoing.asks()
        await site.sits(anna.id, "101")
        assert await answered(site, "89161234567") == ruled(REFUSED)
        assert await answered(site, "112") == ruled(Ruling())
        await site.sits(chief.id, "102")
        assert await answered(site, "89161234567", "PJSIP/102-0000002b") == ruled(Ruling())
        assert await answered(site, "89161234567") == ruled(REFUSED)
        trail = await until_async(lambda: site.parts.db.read(dialled_all_the_same), 5, "it is on the trail")
        assert trail == [("chief", "device", "PJSIP/102")]
        await chief.delete(forbidden)
        assert await answered(site, "89161234567") == ruled(Ruling())
        assert not await outgoing.asks()
        running.cancel()


def dialled_all_the_same(session: Session) -> list[tuple[str, str, str]]:
    lines = session.scalars(select(Audit).where(Audit.verb == "dial").order_by(Audit.id))
    return [(line.actor_name, line.thing, line.thing_id) for line in lines if line.details.get("all_the_same")]
