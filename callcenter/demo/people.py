"""The demo's call center before the first call: people, desks, customers and two weeks that never were."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.crm import customers, outcomes, points, rosters, users
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.desks import MapRule
from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.crm.models.people import User
from callcenter.demo import cast, law, past, promises, quality
from callcenter.pbxmap import Kind

PBX: Final = "main"
REGION: Final = "RU"
CUSTOMERS: Final = 100
_SEED: Final = 20
_MAP: Final = (("PJSIP/trunk*", Kind.TRUNK), ("PJSIP/1??", Kind.DEVICE))


def hashes() -> dict[str, str]:
    """The password of everybody; takes a moment: call it in a thread."""
    names = [agent[0] for agent in cast.AGENTS] + [person[0] for person in cast.OFFICE]
    return {name: users.hash_password(cast.PASSWORD) for name in names}


def settle_in(session: Session, now: datetime, passwords: dict[str, str], spool: Path) -> bool:
    """Fills an empty database; False where anybody works already."""
    if session.scalars(select(User.id).limit(1)).first():
        return False
    outcomes.seed(session)
    session.flush()
    rng = random.Random(_SEED)  # noqa: S311 - the same call center every time
    agents = _staff(session, now, passwords)
    for position, (pattern, kind) in enumerate(_MAP):
        session.add(MapRule(pbx=PBX, position=position, pattern=pattern, kind=kind, region=None))
    cards = [_card(session, person, now, rng) for person in cast.customers(CUSTOMERS, rng)]
    law.settle_in(session, PBX, now, now - timedelta(days=past.DAYS + 1))
    quality.lay_out(session, now)
    past.write(session, past.Stage(now=now, agents=agents, cards=cards, codes=_codes(session), spool=spool), rng)
    promises.write(session, now, [agent.id for agent in agents], [card.id for card in cards])
    return True


def _staff(session: Session, now: datetime, passwords: dict[str, str]) -> list[past.Agent]:
    """Everybody who may sign in, the agents at their desks."""
    for username, name, role in cast.OFFICE:
        values = {"username": username, "display_name": name, "role": role, "language": "en"}
        users.create(session, values, passwords[username], now)
    rosters.put_extension(session, PBX, cast.OFFICE_PHONE, [f"PJSIP/{cast.OFFICE_PHONE}"], [])
    agents = []
    for username, name, number, language in cast.AGENTS:
        values = {"username": username, "display_name": name, "role": "agent", "language": language}
        user = users.create(session, values, passwords[username], now)
        device = f"PJSIP/{number}"
        desk = rosters.put_extension(session, PBX, number, [device], [device])
        rosters.bind(session, user.id, desk, now)
        agents.append(past.Agent(id=user.id, extension=number, device=device))
    return agents


def _card(session: Session, person: cast.Person, now: datetime, rng: random.Random) -> Customer:
    since = now - timedelta(days=rng.randrange(15, 700))
    numbers: list[tuple[phone.Phone, points.Told]] = [(phone.parse(number, REGION), {}) for number in person.numbers]
    customer = session.get_one(
        Customer, customers.create(session, person.card, numbers, customers.Made(by=None, at=since))
    )
    customer.calls = 0
    return customer


def _codes(session: Session) -> dict[str, UUID]:
    return {row.code: row.id for row in session.scalars(select(OutcomeCode).where(OutcomeCode.active))}


def numbers(session: Session) -> list[str]:
    """What customers on cards call from, in E.164, each once."""
    held = points.of(session, list(session.scalars(select(Customer.id).order_by(Customer.id))))
    keys = {number.e164 for rows in held.values() for _, number in rows if number.e164}
    return sorted(keys)
