"""Earlier calls come to a card when their number is added to it, and leave it when the number is taken off."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.orm import Session

from callcenter.call import UNSETTLED
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.cards import LinkedCall
from callcenter.crm.models.customers import ContactPoint, Customer
from callcenter.events import CallKey

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """What came to the card. ``live`` are calls that are still followed: whose they are goes through the ledger."""

    calls: int = 0
    absorbed: tuple[UUID, ...] = ()
    live: tuple[CallKey, ...] = ()


def link(session: Session, customer: Customer, point: ContactPoint) -> Linked:
    """Calls of the point's number that are on no card, or on one that was born of them, come to the card.

    Provisional cards that are left with nothing are absorbed. Twice is once. A number that a third card has too is
    left alone: whose those calls are, only people know.
    """
    others = _others(session, point.number_id, customer.id)
    if any(not card.provisional for card in others):
        return Linked()
    provisional = [card for card in others if _is_only(session, card, point.number_id)]
    found = select(CallRow).where(
        CallRow.number_id == point.number_id,
        or_(CallRow.customer_id.is_(None), CallRow.customer_id.in_([card.id for card in provisional])),
    )
    rows = list(session.scalars(found))
    for at in range(0, len(rows), _AT_ONCE):
        some = rows[at : at + _AT_ONCE]
        linked = [{"call_id": row.id, "point_id": point.id, "was_id": row.customer_id} for row in some]
        session.execute(delete(LinkedCall).where(LinkedCall.call_id.in_([row.id for row in some])))
        session.execute(insert(LinkedCall), linked)
    for row in rows:
        row.customer_id = customer.id
    for card in provisional:
        card.merged_into = customer.id
    session.flush()
    recount(session, customer)
    return Linked(calls=len(rows), absorbed=tuple(card.id for card in provisional), live=_live(session, rows))


def unlink(session: Session, customer: Customer, point_id: UUID) -> Linked:
    """The calls that came with the number go where they were; cards that were absorbed for it come back."""
    rows = session.execute(
        select(CallRow, LinkedCall.was_id)
        .join(LinkedCall, LinkedCall.call_id == CallRow.id)
        .where(LinkedCall.point_id == point_id)
    ).all()
    given_back = {was for _, was in rows if was}
    for row, was in rows:
        row.customer_id = was
    session.execute(delete(LinkedCall).where(LinkedCall.point_id == point_id))
    back = list(session.scalars(select(Customer).where(Customer.id.in_(given_back), Customer.provisional)))
    for card in back:
        card.merged_into = None
    session.flush()
    for card in (customer, *back):
        recount(session, card)
    return Linked(calls=len(rows), absorbed=tuple(card.id for card in back))


def recount(session: Session, customer: Customer) -> None:
    """How often and when last, from the calls themselves and those of cards merged into this one."""
    cards = family(session, customer.id)
    found = select(func.count(), func.max(CallRow.started_at)).where(CallRow.customer_id.in_(cards))
    customer.calls, customer.last_contact_at = session.execute(found).one()


def family(session: Session, card: UUID) -> tuple[UUID, ...]:
    """The card and all that were merged into it."""
    found = {card: None}
    new: Collection[UUID] = (card,)
    while new:
        new = [c for c in session.scalars(select(Customer.id).where(Customer.merged_into.in_(new))) if c not in found]
        found |= dict.fromkeys(new)
    return tuple(found)


def _others(session: Session, number: UUID, but: UUID) -> list[Customer]:
    found = (
        select(Customer)
        .join(ContactPoint, ContactPoint.customer_id == Customer.id)
        .where(ContactPoint.number_id == number, Customer.id != but, Customer.merged_into.is_(None))
    )
    return list(session.scalars(found.with_for_update()))


def _is_only(session: Session, card: Customer, number: UUID) -> bool:
    """Whether the card is nothing but this number."""
    more = select(ContactPoint.id).where(ContactPoint.customer_id == card.id, ContactPoint.number_id != number).limit(1)
    return card.provisional and session.scalar(more) is None


def _live(session: Session, rows: Collection[CallRow]) -> tuple[CallKey, ...]:
    ended = [row.id for row in rows if row.ended_at is not None]
    owed = select(SegmentRow.call_id).where(SegmentRow.call_id.in_(ended), SegmentRow.outcome_state.in_(UNSETTLED))
    open_ones = {*session.scalars(owed), *(row.id for row in rows if row.ended_at is None)}
    return tuple(CallKey(pbx=row.pbx, uniqueid=row.uniqueid) for row in rows if row.id in open_ones)
