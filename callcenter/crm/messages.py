"""Messages to customers: the texts that administrators write, and those that outcomes made ready.

Nothing is sent from here: whoever logged the outcome takes the text along, or the webhook of its code carries it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callcenter.call import Call
from callcenter.crm import customers, zones
from callcenter.crm.message_texts import Facts, MessageKind, Wording, fault, fill, spoken
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.customers import Customer, PhoneNumber
from callcenter.crm.models.messages import MessageTemplate, PreparedMessage
from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.crm.models.people import User
from callcenter.decision_events import OutcomeLogged
from callcenter.errors import Invalid, NotFound, Refused

SHOWN_FOR: Final = timedelta(days=7)
MOST_SHOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A message that waits to be taken along, and of which call it is."""

    row: PreparedMessage
    template: str
    call: UUID
    customer: Customer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one: ``state`` taken, dropped or open again; ``how`` it was taken."""

    state: str
    how: str
    at: datetime


def every(session: Session) -> list[MessageTemplate]:
    """All templates, retired ones too, by name."""
    return list(session.scalars(select(MessageTemplate).order_by(MessageTemplate.name, MessageTemplate.id)))


def get(session: Session, template_id: UUID) -> MessageTemplate:
    found = session.get(MessageTemplate, template_id)
    if found is None:
        raise NotFound("no such template")
    return found


def create(session: Session, values: Mapping[str, Any]) -> UUID:
    """A new template. Raises Invalid."""
    made = MessageTemplate(**values)
    _judge(made)
    session.add(made)
    session.flush()
    return made.id


def change(session: Session, template_id: UUID, values: Mapping[str, Any]) -> MessageTemplate:
    """What was made ready by it before stays as it is. Raises Invalid, Refused for one that a code in use names."""
    found = get(session, template_id)
    if values.get("active") is False and _named(session, template_id):
        raise Refused("an outcome names it: take it off there first", code="template_in_use")
    with session.no_autoflush:
        for name, value in values.items():
            setattr(found, name, value)
        _judge(found)
    found.version += 1
    session.flush()
    return found


def must_be_used(session: Session, template_id: UUID) -> None:
    """Raises Invalid when codes cannot name it."""
    found = session.get(MessageTemplate, template_id)
    if found is None or not found.active:
        raise Invalid("there is no such template, or it is no longer used", fields={"template_id": "not_allowed"})


def withdraw(session: Session, segment: UUID) -> None:
    """What was made ready and nobody has taken is not sent any more: the talk ended otherwise."""
    gone = delete(PreparedMessage).where(PreparedMessage.segment_id == segment, PreparedMessage.state == "open")
    session.execute(gone)


def prepare(session: Session, call: Call, event: OutcomeLogged, template_id: UUID) -> None:
    """Makes the message ready for whoever logged the outcome; nothing where he has taken the same one before."""
    segment = call.segments[event.segment].id
    template = session.get(MessageTemplate, template_id)
    there = select(PreparedMessage.id).where(
        PreparedMessage.segment_id == segment, PreparedMessage.template_id == template_id
    )
    if segment is None or template is None or not template.active or session.scalars(there).first():
        return
    card = customers.survivor(session, call.customer) if call.customer else None
    agent = session.get_one(User, event.by)
    number = _number(session, call)
    language = spoken((card.language if card else "", agent.language, "en"), template.texts)
    filled = fill(Wording(**template.texts[language]), language, _facts(session, card, agent, number, event))
    address = card.email if card else ""
    session.add(
        PreparedMessage(
            segment_id=segment,
            template_id=template_id,
            for_id=event.by,
            kind=template.kind,
            language=language,
            recipient=address if template.kind == MessageKind.EMAIL else number,
            subject=filled.subject,
            text=filled.text,
            lacking=[str(place) for place in filled.lacking],
            at=event.at,
        )
    )


def ready(session: Session, person: UUID, now: datetime) -> list[Ready]:
    """What waits for the person, the newest first."""
    rows = session.execute(
        select(PreparedMessage, MessageTemplate.name, SegmentRow.call_id, CallRow.customer_id)
        .join(MessageTemplate, MessageTemplate.id == PreparedMessage.template_id)
        .join(SegmentRow, SegmentRow.id == PreparedMessage.segment_id)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .where(PreparedMessage.for_id == person, PreparedMessage.state == "open")
        .where(PreparedMessage.at > now - SHOWN_FOR)
        .order_by(PreparedMessage.at.desc(), PreparedMessage.id.desc())
        .limit(MOST_SHOWN)
    )
    return [
        Ready(row=row, template=name, call=call, customer=customers.survivor(session, card) if card else None)
        for row, name, call, card in rows
    ]


def settle(session: Session, message_id: UUID, person: UUID, done: Done) -> PreparedMessage:
    """Taken along, or not wanted. Raises NotFound for another's."""
    row = session.get(PreparedMessage, message_id)
    if row is None or row.for_id != person:
        raise NotFound("no such message")
    row.state, row.how, row.done_at = done.state, done.how, done.at
    return row


def of_segment(session: Session, segment: UUID, template_id: UUID | None) -> PreparedMessage | None:
    """What a code's template made ready for this talk."""
    wanted = select(PreparedMessage).where(
        PreparedMessage.segment_id == segment, PreparedMessage.template_id == template_id
    )
    return session.scalars(wanted).first() if template_id else None


def names(session: Session) -> dict[UUID, str]:
    """The templates in use by id."""
    return {row.id: row.name for row in every(session) if row.active}


def _facts(session: Session, card: Customer | None, agent: User, number: str, event: OutcomeLogged) -> Facts:
    promise = event.promise
    zone = ZoneInfo(promise.zone) if promise and promise.zone else zones.read(session)
    return Facts(
        customer=card.name if card else "",
        organisation=card.organisation if card else "",
        number=number,
        agent=agent.display_name or agent.username,
        at=event.at.astimezone(zone),
        call_back=promise.due_at.astimezone(zone) if promise else None,
    )


def _number(session: Session, call: Call) -> str:
    """Whose call it was, as it is dialled; "" for who hides it."""
    found = session.scalar(
        select(PhoneNumber.e164).join(CallRow, CallRow.number_id == PhoneNumber.id).where(CallRow.id == call.id)
    )
    return found or ""


def _judge(row: MessageTemplate) -> None:
    """Raises Invalid for places there are not, and an SMS with a subject or an e-mail without one."""
    for language, wording in row.texts.items():
        for part in ("subject", "text"):
            if wrong := fault(wording[part]):
                raise Invalid("there is no such place to fill", fields={f"texts.{language}.{part}": wrong})
        if row.kind == MessageKind.EMAIL and not wording["subject"]:
            raise Invalid("an e-mail has a subject", fields={f"texts.{language}.subject": "required"})
        if row.kind == MessageKind.SMS and wording["subject"]:
            raise Invalid("an SMS has no subject", fields={f"texts.{language}.subject": "not_allowed"})


def _named(session: Session, template_id: UUID) -> bool:
    wanted = select(OutcomeCode.id).where(OutcomeCode.template_id == template_id, OutcomeCode.active)
    return session.scalars(wanted.limit(1)).first() is not None
