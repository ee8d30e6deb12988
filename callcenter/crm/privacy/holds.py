"""Legal holds: what must stay whatever its time says, until somebody lets it go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.privacy import LegalHold
from callcenter.crm.rights import Actor
from callcenter.errors import NotFound, Refused


def put(
    session: Session, thing: tuple[UUID | None, UUID | None], reference: str, who: Actor, now: datetime
) -> LegalHold:
    """Holds a call or everything of a customer: ``thing`` is (call, customer), one of them None. Raises NotFound."""
    call, customer = thing
    if not (session.get(CallRow, call) if call else session.get(Customer, customer)):
        raise NotFound("there is no such call or customer")
    hold = LegalHold(call_id=call, customer_id=customer, reference=reference, by_id=who.id, at=now)
    session.add(hold)
    session.flush()
    return hold


def release(session: Session, hold_id: UUID, who: Actor, now: datetime) -> LegalHold:
    """Lets go. Raises NotFound, Refused when it was let go before."""
    hold = session.get(LegalHold, hold_id, with_for_update=True)
    if hold is None:
        raise NotFound("there is no such hold")
    if hold.released_at:
        raise Refused("it was released already", code="released")
    hold.released_at, hold.released_by = now, who.id
    return hold


def every(session: Session, limit: int = 500) -> list[LegalHold]:
    """All that hold, the newest first, then those that were released."""
    order = select(LegalHold).order_by(LegalHold.released_at.is_not(None), LegalHold.at.desc()).limit(limit)
    return list(session.scalars(order))


def holding(session: Session, customers: Sequence[UUID], calls: Sequence[UUID]) -> bool:
    """Whether anything of these is held."""
    held = select(LegalHold.id).where(LegalHold.released_at.is_(None))
    if session.scalars(held.where(LegalHold.customer_id.in_(customers)).limit(1)).first():
        return True
    found = session.scalars(held.where(LegalHold.call_id.is_not(None)).with_only_columns(LegalHold.call_id))
    return not {call for call in found if call}.isdisjoint(calls)


def on_call(call: Any, customer: Any) -> ColumnElement[bool]:
    """As a condition: the call of a query, or its customer, is held."""
    same = or_(LegalHold.call_id == call, LegalHold.customer_id == customer)
    return exists().where(LegalHold.released_at.is_(None), same)
