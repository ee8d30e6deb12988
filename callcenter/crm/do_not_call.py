"""Who is not to be called any more: written by an outcome or by a person, asked before anybody dials."""

from __future__ import annotations

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
    found = of_number(session, phone.parse(number, region).key) or (of_card(session, card) if card else None)
    if found:
        when = "" if found.number_id else f" since {found.at:%Y-%m-%d}"
        no = f"this customer is not to be called{when}; a supervisor may call all the same"
        raise Refused(no, code="do_not_call")


def of_number(session: Session, key: str) -> DoNotCall | None:
    """A mark of the number with this key, or of anybody who has it."""
    number = session.scalars(select(PhoneNumber.id).where(PhoneNumber.key == key)).first()
    if number is None:
        return None
    if found := session.scalars(select(DoNotCall).where(DoNotCall.number_id == number)).first():
        return found
    cards = session.scalars(select(ContactPoint.customer_id).where(ContactPoint.number_id == number)).all()
    return next((mark for card in sorted(cards) if (mark := of_card(session, card))), None)


def anybody(session: Session) -> bool:
    """Whether there is one who is not to be called."""
    return session.scalars(select(DoNotCall.id).limit(1)).first() is not None
