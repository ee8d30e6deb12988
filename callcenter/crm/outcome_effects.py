"""What follows from an outcome, in its own transaction: a number blocked, a customer not to be called, a status, a
message made ready, and who is told. Said otherwise, it is taken back, but for what somebody was told or took along,
and what the customer has become."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from callcenter import jobs, phone
from callcenter.call import Call
from callcenter.crm import audit, blocked, customers, do_not_call, messages, statuses
from callcenter.crm.code_rules import System
from callcenter.crm.customers import Made
from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.cards import StatusChange
from callcenter.crm.models.customers import ContactPoint, Customer
from callcenter.crm.models.outcomes import DoNotCall, OutcomeCode, OutcomeRow
from callcenter.crm.models.routing import BlockedNumber
from callcenter.crm.upsert import table_of
from callcenter.decision_events import OutcomeLogged
from callcenter.errors import Invalid
from callcenter.events import Direction
from callcenter.ids import new_id
from callcenter.statement import Statement

_before: Final = Statement(
    lambda _: (
        select(OutcomeRow.by_id, OutcomeRow.at, OutcomeCode.system)
        .select_from(OutcomeRow)
        .outerjoin(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        .where(OutcomeRow.segment_id == bindparam("segment"))
    )
)
_code: Final = Statement(lambda _: select(table_of(OutcomeCode)).where(OutcomeCode.id == bindparam("code")))
TELL: Final = "outcome_webhook"
CLEAR: Final = "clear_spam_card"
TOLD_WITHIN: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """Whether it is others now who are blocked, who are not to be called, and what stands on the card."""

    blocks: bool
    not_called: bool
    card: bool


def withdraw(session: Session, call: Call, segment: UUID) -> None:
    """Takes back what followed from what was said of the talk before."""
    before = _before(session, {"segment": segment})
    if not before:
        return
    was = before[0]
    do_not_call.withdraw(session, segment)
    messages.withdraw(session, segment)
    if was.system == System.SPAM and (number := _number(session, call)):
        ours = (BlockedNumber.by_id == was.by_id, BlockedNumber.created_at == was.at)
        session.execute(delete(BlockedNumber).where(BlockedNumber.number_id == number, *ours))


def carry_out(session: Session, call: Call, event: OutcomeLogged, now: datetime) -> None:
    """All that these codes bring about. ``call`` is as it stands after the event."""
    codes = _codes(session, (event.outcome, *event.extras))
    segment = call.segments[event.segment].id
    if segment is None:
        raise AssertionError("this part of the call was never inserted")
    if any(code.system == System.SPAM for code in codes) and call.direction is Direction.INBOUND:
        _spam(session, call, event, segment)
    if any(code.do_not_call for code in codes):
        _mark(session, call, event, segment)
    if status := next((code.set_status for code in codes if code.set_status), ""):
        _become(session, call, status, event)
    for template in dict.fromkeys(code.template_id for code in codes if code.template_id):
        messages.prepare(session, call, event, template)
    for code in codes:
        if code.webhook_url:
            until = (now + TOLD_WITHIN).isoformat()
            args = {"segment": str(segment), "code": str(code.id), "delivery": str(new_id()), "until": until}
            jobs.enqueue(session, TELL, args, at=now)


def touches(session: Session, codes: Sequence[UUID]) -> Touched:
    """What these codes change."""
    rows = _codes(session, codes)
    not_called = any(code.do_not_call for code in rows)
    card = not_called or any(code.set_status for code in rows)
    return Touched(blocks=any(code.system == System.SPAM for code in rows), not_called=not_called, card=card)


def _codes(session: Session, ids: Sequence[UUID]) -> list[Any]:
    return [row for one in ids for row in _code(session, {"code": one})]


def _number(session: Session, call: Call) -> UUID | None:
    return session.scalar(select(CallRow.number_id).where(CallRow.id == call.id))


def _spam(session: Session, call: Call, event: OutcomeLogged, segment: UUID) -> None:
    """Blocks the number; its card, if the call alone made it, goes when the call is settled. A number that cannot be
    blocked, or is, stays what it is: the outcome stands all the same."""
    number = phone.parse(call.number, call.region)
    with suppress(Invalid):
        block = blocked.block(session, number, blocked.BlockReason.SPAM, None, (event.by, event.at))
        audit.record(session, None, "block", ("blocked_number", str(block)), event.at, segment=str(segment))
    jobs.enqueue(session, CLEAR, {"segment": str(segment)}, at=event.at)


def _mark(session: Session, call: Call, event: OutcomeLogged, segment: UUID) -> None:
    card = customers.survivor(session, call.customer) if call.customer else None
    number = _number(session, call)
    if card and number:
        shared = select(ContactPoint.shared).where(ContactPoint.number_id == number)
        number = None if any(session.scalars(shared.where(ContactPoint.customer_id == card.id))) else number
    if card or number:
        row = DoNotCall(customer_id=card.id if card else None, number_id=number, segment_id=segment)
        row.by_id, row.why, row.at = event.by, event.comment, event.at
        do_not_call.mark(session, row)


def _become(session: Session, call: Call, status: str, event: OutcomeLogged) -> None:
    """A status that is retired by now changes nothing."""
    card: Customer | None = customers.survivor(session, call.customer) if call.customer else None
    if card is None or card.status == status:
        return
    try:
        statuses.must_be_used(session, status)
    except Invalid:
        return
    changed = StatusChange(customer_id=card.id, old=card.status, new=status, by_id=event.by, at=event.at)
    session.add(changed)
    customers.touched(card, Made(by=None, at=event.at))
    card.status = status
    session.flush()
