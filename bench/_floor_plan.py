"""A call center to measure: customers, agents at their desks and signed in, and the map of the PBX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.crm import access, identify, rosters, sessions, users
from callcenter.crm.models.customers import ContactPoint, Customer, PhoneNumber
from callcenter.crm.models.desks import MapRule
from callcenter.crm.schema import migrate
from callcenter.crm.sessions import Visitor
from callcenter.db import Database
from callcenter.ids import new_id

AGENTS: Final = [str(number) for number in range(101, 151)]
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
_RULES: Final = (("PJSIP/trunk", "trunk"), ("PJSIP/bg", "service"), ("PJSIP/1??", "device"), ("PJSIP/2??", "device"))
_CHUNK: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """The agents' extensions, and how many supervisors there are."""

    agents: Sequence[str] = tuple(AGENTS)
    supervisors: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where it is kept, and the cookies of its agents and supervisors."""

    folder: Path
    cookies: tuple[str, ...]
    supervisors: tuple[str, ...] = ()

    def environment(self, ami_port: int) -> dict[str, str]:
        """The settings of the service."""
        return {
            "CALLCENTER_STATE": str(self.folder),
            "CALLCENTER_REGION": "RU",
            "CALLCENTER_HTTP__PORT": "0",
            "CALLCENTER_FASTAGI__PORT": "0",
            "CALLCENTER_LOG__LEVEL": "ERROR",
            "CALLCENTER_PBX__MAIN__HOST": "127.0.0.1",
            "CALLCENTER_PBX__MAIN__PORT": str(ami_port),
            "CALLCENTER_PBX__MAIN__USERNAME": "bench",
            "CALLCENTER_PBX__MAIN__SECRET": "bench",
        }


_USUAL: Final = Staff()


async def prepare(folder: Path, customers: int, staff: Staff = _USUAL) -> Plan:
    """Fills a new SQLite database."""
    url = f"sqlite:///{folder / 'callcenter.sqlite3'}"
    migrate(url)
    db = Database(url)
    await db.start()
    try:
        for first in range(0, customers, _CHUNK):
            await db.write(lambda s, first=first: _add_customers(s, first, min(first + _CHUNK, customers)))  # type: ignore[misc]
        cookies = await db.write(lambda s: _add_agents(s, staff.agents))
        supervisors = await db.write(
            lambda s: [_sign_in(s, f"boss{n}", "supervisor") for n in range(staff.supervisors)]
        )
    finally:
        await db.close()
    return Plan(folder=folder, cookies=tuple(cookies), supervisors=tuple(supervisors))


def _add_customers(session: Session, first: int, end: int) -> None:
    people, numbers, points = [], [], []
    for serial in range(first, end):
        known = phone.parse(f"7495{2_000_000 + serial:07d}", "RU")
        customer, number = new_id(), new_id()
        people.append({"id": customer, "name": f"Customer {serial}", "created_at": LONG_AGO, "updated_at": LONG_AGO})
        last4 = identify.last4(known.key)
        numbers.append({"id": number, "key": known.key, "e164": known.e164, "tail": known.tail, "last4": last4})
        numbers[-1] |= {"region": known.region}
        points.append({"customer_id": customer, "number_id": number, "raw": known.raw, "created_at": LONG_AGO})
    session.execute(insert(Customer), people)
    session.execute(insert(PhoneNumber), numbers)
    session.execute(insert(ContactPoint), points)


def _add_agents(session: Session, numbers: Sequence[str]) -> list[str]:
    for position, (pattern, kind) in enumerate(_RULES):
        session.add(MapRule(pbx="main", position=position, pattern=pattern, kind=kind))
    return [_sign_in(session, f"agent{number}", "agent", number) for number in numbers]


def _sign_in(session: Session, name: str, role: str, number: str = "") -> str:
    """The cookie of somebody new, at a desk if there is a number."""
    user = users.create(
        session, {"username": name, "display_name": name.title(), "role": role}, "no password", LONG_AGO
    )
    if number:
        desk = rosters.put_extension(session, "main", number, [f"PJSIP/{number}"], [f"PJSIP/{number}"])
        rosters.bind(session, user.id, desk, LONG_AGO)
    token = sessions.begin(session, user, Visitor(address="127.0.0.1", software="bench"), datetime.now(UTC))
    return f"{access.COOKIE}={token}"
