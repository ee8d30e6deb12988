"""Who is not to be called any more: written by an outcome or by a person, asked before anybody dials."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.crm import hiding_policy, retro
from callcenter.crm.models.customers import ContactPoint, PhoneNumber
from callcenter.crm.models.outcomes import DoNotCall
from callcenter.errors import Refused


def mark(session: Session, row: DoNotCall) -> None:
    """Keeps it, without the digits that nobody may keep."""
    row.why = hiding_policy.hide(session, row.why)
    session.add(row)
    session.flush()


def of_card(session: Session, card: UUID) -> DoNotCall | None:
    """The first mark of the customer, of cards merged into his too."""
    found = select(DoNotCall).where(DoNotCall.customer_id.in_(retro.family(session, card)))
    return session.scalars(found.order_by(DoNotCall.at, DoNotCall.id)).first()


def lift(session: Session, card: UUID) -> bool:
    """He may be called again; whether he was not to be. Marks of his numbers go too."""
    family = retro.family(session, card)
    numbers = select(ContactPoint.number_id).where(ContactPoint.customer_id.in_(family))
    gone = select(DoNotCall.id).where(or_(DoNotCall.customer_id.in_(family), DoNotCall.number_id.in_(numbers)))
    ids = list(session.scalars(gone))
    session.execute(delete(DoNotCall).where(DoNotCall.id.in_(ids)))
    return bool(ids)


def withdraw(session: Session, segment: UUID) -> None:
    """What came of the talk is said otherwise now."""
    session.execute(delete(DoNotCall).where(DoNotCall.segment_id == segment))


def refuse(session: Session, number: str, region: str, card: UUID | None) -> None:
    """Raises Refused where the customer, anybody else who has this number, or the number itself is not to be called."""
    of_number = select(PhoneNumber.id).where(PhoneNumber.key == phone.parse(number, region).key)
    number_id = session.scalars(of_number).first()
    cards = {card} if card else set()
    if number_id:
        cards |= set(session.scalars(select(ContactPoint.customer_id).where(ContactPoint.number_id == number_id)))
        marked = select(DoNotCall.id).where(DoNotCall.number_id == number_id)
        if session.scalars(marked).first():
            raise _no(None)
    for one in sorted(cards):
        if found := of_card(session, one):
            raise _no(found.at)


def _no(since: datetime | None) -> Refused:
    when = f" since {since:%Y-%m-%d}" if since else ""
    return Refused(f"this customer is not to be called{when}; a supervisor may call all the same", code="do_not_call")
