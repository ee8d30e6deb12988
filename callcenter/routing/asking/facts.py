"""All that routing wants to know of a number, in one read that begins at an index."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, and_, bindparam, select
from sqlalchemy.orm import Session, aliased

from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.customers import ContactPoint, Customer, PhoneNumber
from callcenter.crm.models.routing import BlockedNumber
from callcenter.crm.models.tasks import Task
from callcenter.routing.asking.route import Block, Caller, Facts, Source
from callcenter.statement import Statement
from callcenter.tables import UtcDateTime

_CARDS_AT_MOST: Final = 9
_LOOKED_BACK: Final = timedelta(days=365)


def _last_talk() -> ScalarSelect[UUID]:
    return (
        select(SegmentRow.id)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .where(CallRow.customer_id == Customer.id, CallRow.started_at > bindparam("since", type_=UtcDateTime()))
        .where(SegmentRow.answered_at.is_not(None), SegmentRow.agent_id.is_not(None))
        .order_by(CallRow.started_at.desc(), SegmentRow.seq.desc())
        .limit(1)
        .correlate(Customer)
        .scalar_subquery()
    )


def _owed_first() -> ScalarSelect[UUID]:
    """The card's call-back that somebody has taken or was given, else the one that is due first."""
    owed = aliased(Task)
    return (
        select(owed.id)
        .where(owed.customer_id == Customer.id, owed.closed_at.is_(None), owed.kind == "callback")
        .order_by(owed.claimed_by_id.is_(None), owed.assignee_id.is_(None), owed.order_at, owed.id)
        .limit(1)
        .correlate(Customer)
        .scalar_subquery()
    )


def _of_number(_dialect: str) -> Select[*tuple[Any, ...]]:
    """A number, its block and its cards; of each card the last talk and the call that is owed first."""
    return (
        select(
            BlockedNumber.id.label("block"),
            BlockedNumber.until,
            Customer.id,
            Customer.name,
            Customer.organisation,
            Customer.status,
            Customer.vip,
            Customer.language,
            Customer.owner_id,
            SegmentRow.agent_id.label("last_agent"),
            SegmentRow.answered_at.label("last_talk"),
            Task.id.label("task"),
            Task.claimed_by_id,
            Task.assignee_id,
        )
        .select_from(PhoneNumber)
        .outerjoin(BlockedNumber, BlockedNumber.number_id == PhoneNumber.id)
        .outerjoin(ContactPoint, ContactPoint.number_id == PhoneNumber.id)
        .outerjoin(Customer, and_(Customer.id == ContactPoint.customer_id, Customer.merged_into.is_(None)))
        .outerjoin(SegmentRow, SegmentRow.id == _last_talk())
        .outerjoin(Task, Task.id == _owed_first())
        .where(PhoneNumber.key == bindparam("key"))
        .limit(_CARDS_AT_MOST)
    )


_find: Final = Statement(_of_number)


def read(session: Session, key: str, now: datetime) -> Facts:
    """What is known of the number with this key."""
    rows = _find(session, {"key": key, "since": now - _LOOKED_BACK})
    callers = {row.id: _caller(row) for row in rows if row.id is not None}
    block = Block(until=rows[0].until) if rows and rows[0].block else None
    return Facts(source=Source.READ, callers=tuple(callers.values()), block=block)


def _caller(row: Any) -> Caller:
    return Caller(
        id=row.id,
        name=row.name or row.organisation,
        status=row.status,
        vip=row.vip,
        language=row.language,
        owner=row.owner_id,
        last_agent=row.last_agent,
        last_talk=row.last_talk,
        call_back=row.task is not None,
        call_back_agent=row.claimed_by_id or row.assignee_id,
    )
