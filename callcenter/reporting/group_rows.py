"""Calls by the group of their customers: where each card stands now. Read call by call, like all that is counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from callcenter.counting import Talk, Visit
from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.rights import Actor
from callcenter.reporting import rows
from callcenter.reporting.wanted import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """``status`` "": nobody knows whose calls these were."""

    status: str
    visits: Sequence[Visit]
    talks: Sequence[Talk]


def groups(session: Session, calls: Sequence[UUID], wanted: Wanted, actor: Actor) -> list[Group]:
    """A card that was merged is what the one is that it became."""
    whole = aliased(Customer)
    found = (
        select(CallRow.id, func.coalesce(whole.status, Customer.status))
        .outerjoin(Customer, Customer.id == CallRow.customer_id)
        .outerjoin(whole, whole.id == Customer.merged_into)
        .where(CallRow.id.in_(calls))
    )
    by_status: dict[str, list[UUID]] = defaultdict(list)
    for call, status in session.execute(found):
        by_status[status or ""].append(call)
    return [
        Group(
            status=status,
            visits=rows.visits(session, of, wanted),
            talks=rows.talks(session, of, wanted, actor),
        )
        for status, of in by_status.items()
    ]
