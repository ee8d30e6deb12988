"""The card that only a spammer's calls made goes once nobody has his call before him any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.call import UNSETTLED, OutcomeState
from callcenter.clock import Clock
from callcenter.crm import find
from callcenter.crm.code_rules import System
from callcenter.crm.models.calls import CallCandidate, CallRow, SegmentRow
from callcenter.crm.models.cards import CardWord, LinkedCall, StatusChange
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer, PhoneNumber
from callcenter.crm.models.outcomes import DoNotCall, OutcomeCode, OutcomeRow
from callcenter.crm.models.tasks import DialRow, Task
from callcenter.crm.outcome_effects import CLEAR
from callcenter.db import Database

_AGAIN_AFTER: Final = timedelta(seconds=10)
_OPEN: Final = UNSETTLED | {OutcomeState.DEFERRED}


class SpamCards:
    """``job`` may be repeated."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def job(self, args: Mapping[str, Any]) -> None:
        segment, now = UUID(args["segment"]), self._clock.now()

        def clear(session: Session) -> None:
            card = _spammer(session, segment)
            if card is None:
                return
            if _in_use(session, card.id):
                jobs.enqueue(session, CLEAR, dict(args), at=now + _AGAIN_AFTER)
            else:
                _remove(session, card.id)

        await self._db.write(clear)


def _spammer(session: Session, segment: UUID) -> Customer | None:
    """The card, held until the commit, where the talk is still called spam and nobody has written on the card."""
    found = session.execute(
        select(CallRow.customer_id, CallRow.number_id)
        .join(SegmentRow, SegmentRow.call_id == CallRow.id)
        .join(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
        .join(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        .where(SegmentRow.id == segment, OutcomeCode.system == System.SPAM)
    ).first()
    if found is None or found.customer_id is None:
        return None
    # His next call looks for his card under this lock.
    session.execute(select(PhoneNumber.id).where(PhoneNumber.id == found.number_id).with_for_update())
    card = session.get(Customer, found.customer_id, with_for_update=True)
    return card if card and card.provisional and card.merged_into is None else None


def _in_use(session: Session, card: UUID) -> bool:
    """A call of his goes on, or somebody owes its outcome: it is before somebody's eyes, with the card."""
    owed = select(SegmentRow.call_id).where(SegmentRow.outcome_state.in_(_OPEN))
    going = select(CallRow.id).where(CallRow.customer_id == card)
    return session.scalars(going.where(or_(CallRow.ended_at.is_(None), CallRow.id.in_(owed)))).first() is not None


def _remove(session: Session, card: UUID) -> None:
    """Calls and tasks keep the number alone. Where something else hangs on the card, it stays."""
    words = list(session.scalars(select(CardWord.word).where(CardWord.customer_id == card).distinct()))
    try:
        with session.begin_nested():
            for kind in (CallRow, Task, DialRow, DoNotCall):
                session.execute(update(kind).where(kind.customer_id == card).values(customer_id=None))
            session.execute(delete(LinkedCall).where(LinkedCall.was_id == card))
            for gone in (CallCandidate, ContactPoint, ContactWay, CardWord, StatusChange):
                session.execute(delete(gone).where(gone.customer_id == card))
            session.execute(delete(Customer).where(Customer.id == card))
    except IntegrityError:
        return
    find.forget(session, words)
