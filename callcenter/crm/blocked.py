"""Numbers that do not get through to queues where a rule says so: blocked by a person, for a time or for good."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.crm.identify import number_row
from callcenter.crm.models.customers import PhoneNumber
from callcenter.crm.models.people import User
from callcenter.crm.models.routing import BlockedNumber
from callcenter.errors import Invalid, NotFound
from callcenter.phone import Phone


class BlockReason(StrEnum):
    SPAM = "spam"
    ABUSE = "abuse"
    FRAUD = "fraud"
    SILENT = "silent"
    OTHER = "other"


def page(
    session: Session, limit: int, after: tuple[datetime | None, UUID] | None, number: Phone | None = None
) -> list[tuple[BlockedNumber, PhoneNumber, User | None]]:
    """The newest first, one more than ``limit`` where it goes on; or the one block of ``number``."""
    found = (
        select(BlockedNumber, PhoneNumber, User)
        .join(PhoneNumber, PhoneNumber.id == BlockedNumber.number_id)
        .outerjoin(User, User.id == BlockedNumber.by_id)
        .order_by(BlockedNumber.created_at.desc(), BlockedNumber.id.desc())
        .limit(limit + 1)
    )
    if after:
        found = found.where(tuple_(BlockedNumber.created_at, BlockedNumber.id) < tuple_(*after))
    if number:
        found = found.where(PhoneNumber.key == number.key)
    return [(row[0], row[1], row[2]) for row in session.execute(found)]


def block(
    session: Session, number: Phone, reason: BlockReason, until: datetime | None, who: tuple[UUID, datetime]
) -> UUID:
    """Its id. ``who``: by whom, and now. Raises Invalid for a number that is none, and for one that is blocked."""
    by, now = who
    if phone.is_withheld(number.raw) or not any(c.isdigit() for c in number.key):
        raise Invalid("this is no number that calls", fields={"number": "not_allowed"})
    if until is not None and until <= now:
        raise Invalid("this moment is over", fields={"until": "out_of_range"})
    row = number_row(session, number)
    there = session.scalars(select(BlockedNumber).where(BlockedNumber.number_id == row)).first()
    if there and (there.until is None or there.until > now):
        raise Invalid("it is blocked already", fields={"number": "taken"})
    if there:
        session.delete(there)
        session.flush()
    made = BlockedNumber(number_id=row, reason=reason, until=until, by_id=by, created_at=now)
    session.add(made)
    session.flush()
    return made.id


def get(session: Session, block_id: UUID) -> BlockedNumber:
    """Raises NotFound."""
    found = session.get(BlockedNumber, block_id)
    if found is None:
        raise NotFound("there is no such block")
    return found


def change(session: Session, block_id: UUID, values: dict[str, Any], now: datetime) -> None:
    row = get(session, block_id)
    if (until := values.get("until")) is not None and until <= now:
        raise Invalid("this moment is over", fields={"until": "out_of_range"})
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1


def lift(session: Session, block_id: UUID) -> None:
    session.delete(get(session, block_id))
