"""Messages that outcomes made ready, as the history of their customer tells them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from callcenter.api import Answer
from callcenter.crm import visible
from callcenter.crm.message_texts import MessageKind
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.messages import MessageTemplate, PreparedMessage
from callcenter.crm.models.people import User
from callcenter.crm.rights import Actor
from callcenter.crm.schemas import Person


class MessageTold(Answer):
    """``state``: open, it waits to be sent, or taken along, then ``how`` (copied, mail, sms) and ``done_at`` when;
    ``by`` whoever logged the outcome. ``recipient`` "": none was known."""

    id: UUID
    template: str
    kind: MessageKind
    recipient: str
    subject: str
    text: str
    state: Literal["open", "taken"]
    how: str
    by: Person
    at: datetime
    done_at: datetime | None
    call_id: UUID


def of_cards(cards: Sequence[UUID], actor: Actor) -> ColumnElement[bool]:
    """Those of calls of these cards which the actor may see, without what nobody wanted sent."""
    parts = select(SegmentRow.id).join(CallRow, CallRow.id == SegmentRow.call_id)
    parts = parts.where(CallRow.customer_id.in_(cards), visible.seen(actor, CallRow))
    return PreparedMessage.segment_id.in_(parts) & PreparedMessage.state.in_(("open", "taken"))


def views(session: Session, rows: Sequence[PreparedMessage]) -> list[MessageTold]:
    """In the same order."""
    templates = select(MessageTemplate.id, MessageTemplate.name)
    names = {
        row.id: row.name
        for row in session.execute(templates.where(MessageTemplate.id.in_({row.template_id for row in rows})))
    }
    people = {user.id: user for user in session.scalars(select(User).where(User.id.in_({row.for_id for row in rows})))}
    parts = select(SegmentRow.id, SegmentRow.call_id).where(SegmentRow.id.in_({row.segment_id for row in rows}))
    calls = {part.id: part.call_id for part in session.execute(parts)}
    return [
        MessageTold(
            id=row.id,
            template=names[row.template_id],
            kind=MessageKind(row.kind),
            recipient=row.recipient,
            subject=row.subject,
            text=row.text,
            state="open" if row.state == "open" else "taken",
            how=row.how if row.state == "taken" else "",
            by=Person.model_validate(people[row.for_id]),
            at=row.at,
            done_at=row.done_at if row.state == "taken" else None,
            call_id=calls[row.segment_id],
        )
        for row in rows
    ]
