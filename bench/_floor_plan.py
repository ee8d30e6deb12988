"""A call center to measure: customers, agents at their desks and signed in, and the map of the PBX."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.crm import access, rosters, sessions, users
from callcenter.crm.models.customers import ContactPoint, Customer, PhoneNumber
from callcenter.crm.models.desks import MapRule
from callcenter.crm.schema import migrate
from callcenter.crm.sessions import Visitor
from callcenter.db import Database
from callcenter.ids import new_id

AGENTS: Final = [str(number) for number in range(101, 151)]
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
_RULES: Final = (("PJSIP/trunk", "trunk"), ("PJSIP/bg", "service"), ("PJSIP/1??", "device"))
_CHUNK: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where it is kept, and the cookies of its agents."""

    folder: Path
    cookies: tuple[str, ...]

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


async def prepare(folder: Path, customers: int) -> Plan:
    """Fills a new SQLite database."""
    url = f"sqlite:///{folder / 'callcenter.sqlite3'}"
    migrate(url)
    db = Database(url)
    await db.start()
    try:
        for first in range(0, customers, _CHUNK):
            await db.write(lambda s, first=first: _add_customers(s, first, min(first + _CHUNK, customers)))  # type: ignore[misc]
        cookies = await db.write(_add_people)
    finally:
        await db.close()
    return Plan(folder=folder, cookies=tuple(cookies))


def _add_customers(session: Session, first: int, end: int) -> None:
    people, numbers, points = [], [], []
    for serial in range(first, end):
        known = phone.parse(f"7495{2_000_000 + serial:07d}", "RU")
        customer, number = new_id(), new_id()
        people.append({"id": customer, "name": f"Customer {serial}", "created_at": LONG_AGO, "updated_at": LONG_AGO})
        numbers.append({"id": number, "key": known.key, "e164": known.e164, "tail": known.tail, "region": known.region})
        points.append({"customer_id": customer, "number_id": number, "raw": known.raw, "created_at": LONG_AGO})
    session.execute(insert(Customer), people)
    session.execute(insert(PhoneNumber), numbers)
    session.execute(insert(ContactPoint), points)


def _add_people(session: Session) -> list[str]:
    for position, (pattern, kind) in enumerate(_RULES):
        session.add(MapRule(pbx="main", position=position, pattern=pattern, kind=kind))
    cookies = []
    for number in AGENTS:
        values = {"username": f"agent{number}", "display_name": f"Agent {number}", "role": "agent"}
        user = users.create(session, values, "no password", LONG_AGO)
        desk = rosters.put_extension(session, "main", number, [f"PJSIP/{number}"], [f"PJSIP/{number}"])
        rosters.bind(session, user.id, desk, LONG_AGO)
        token = sessions.begin(session, user, Visitor(address="127.0.0.1", software="bench"), datetime.now(UTC))
        cookies.append(f"{access.COOKIE}={token}")
    return cookies
