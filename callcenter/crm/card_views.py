"""Cards as the API answers them; a page of them costs the same few queries as one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.api import Answer
from callcenter.crm import card_work, customers, do_not_call, handles, notes, points, retro, ways
from callcenter.crm.card_work import LinkAnswer, MergeAnswer, NoteAnswer
from callcenter.crm.handles import WayKind
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer, PhoneNumber
from callcenter.crm.models.outcomes import OutcomeCode, OutcomeRow
from callcenter.crm.models.people import User
from callcenter.crm.rights import Actor, Verb, allow, card_of

Kind = Literal["person", "organisation"]


class CustomerBrief(Answer):
    """``last_outcome`` is a code."""

    id: UUID
    kind: str
    name: str
    organisation: str
    status: str
    vip: bool
    provisional: bool
    numbers: list[str]
    last_contact_at: datetime | None
    last_agent: str
    last_outcome: str
    calls: int


class NumberAnswer(Answer):
    """``also_on``: other cards with the same number; ``linked_calls``: earlier calls that came to the card with it."""

    id: UUID
    raw: str
    e164: str | None
    display: str
    label: str
    note: str
    extension: str
    is_primary: bool
    shared: bool
    bad_since: datetime | None
    also_on: list[UUID] = Field(default_factory=list)
    linked_calls: int = 0


class WayAnswer(Answer):
    """``service`` names a messenger, else ``""``; ``link`` opens it; ``also_on``: other cards that have the same."""

    id: UUID
    kind: WayKind
    service: str
    value: str
    link: str
    label: str
    note: str
    is_primary: bool
    shared: bool
    bad_since: datetime | None
    also_on: list[UUID] = Field(default_factory=list)


class DoNotCallAnswer(Answer):
    """Since when the customer is not to be called, who says so (null: no person), and why."""

    at: datetime
    by: str | None
    why: str


class CustomerAnswer(Answer):
    """The whole card. ``email`` and ``address`` repeat its primary ways of those kinds. ``fields``: what the call
    center's own fields say, by code. ``do_not_call`` null: he may be called."""

    id: UUID
    kind: str
    name: str
    organisation: str
    status: str
    vip: bool
    email: str
    address: str
    note: str
    language: str
    owner_id: UUID | None
    team_id: UUID | None
    provisional: bool
    fields: dict[str, str]
    numbers: list[NumberAnswer]
    ways: list[WayAnswer]
    tags: list[str]
    links: list[LinkAnswer]
    pinned: list[NoteAnswer]
    merges: list[MergeAnswer]
    do_not_call: DoNotCallAnswer | None
    created_at: datetime
    updated_at: datetime
    version: int
    last_contact_at: datetime | None
    calls: int


def display(raw: str, e164: str | None) -> str:
    """As people read it."""
    return phone.parse(e164 or raw, "ZZ").grouped


def card(session: Session, customer: Customer, actor: Actor, now: datetime) -> CustomerAnswer:
    """The whole card as the actor may see it."""
    family = retro.family(session, customer.id)
    numbers = [number(point, row) for point, row in points.of(session, [customer.id])[customer.id]]
    shown = {name: getattr(customer, name) for name in CustomerAnswer.model_fields if hasattr(customer, name)}
    return CustomerAnswer(
        numbers=numbers,
        fields=customer.extra,
        ways=[way(row) for row in ways.of(session, [customer.id])[customer.id]],
        tags=notes.tags_of(session, family),
        links=card_work.links(session, family, actor, now.date()),
        pinned=card_work.pinned(session, family),
        merges=card_work.merges(session, customer.id, now),
        do_not_call=_not_called(session, customer.id),
        **shown,
    )


def _not_called(session: Session, card: UUID) -> DoNotCallAnswer | None:
    mark = do_not_call.of_card(session, card)
    if mark is None:
        return None
    by = session.get(User, mark.by_id) if mark.by_id else None
    return DoNotCallAnswer(at=mark.at, by=(by.display_name or by.username) if by else None, why=mark.why)


def number(point: ContactPoint, row: PhoneNumber, also_on: Sequence[UUID] = ()) -> NumberAnswer:
    return NumberAnswer(
        id=point.id,
        raw=point.raw,
        e164=row.e164,
        display=display(point.raw, row.e164),
        label=point.label,
        note=point.note,
        extension=point.extension,
        shared=point.shared,
        bad_since=point.bad_since,
        is_primary=point.is_primary,
        also_on=list(also_on),
    )


def way(row: ContactWay, also_on: Sequence[UUID] = ()) -> WayAnswer:
    return WayAnswer(
        id=row.id,
        kind=WayKind(row.kind),
        service=row.service,
        value=row.value,
        link=handles.link(row.kind, row.service, row.value, row.key),
        label=row.label,
        note=row.note,
        is_primary=row.is_primary,
        shared=row.shared,
        bad_since=row.bad_since,
        also_on=list(also_on),
    )


def briefs(session: Session, found: Sequence[Customer]) -> list[CustomerBrief]:
    """The cards in brief, in the same order."""
    ids = [customer.id for customer in found]
    numbers = points.of(session, ids) if ids else {}
    last = _last_talks(session, ids) if ids else {}
    return [
        CustomerBrief(
            id=customer.id,
            kind=customer.kind,
            name=customer.name,
            organisation=customer.organisation,
            status=customer.status,
            vip=customer.vip,
            provisional=customer.provisional,
            numbers=[display(point.raw, row.e164) for point, row in numbers[customer.id]],
            last_contact_at=customer.last_contact_at,
            last_agent=last.get(customer.id, ("", ""))[0],
            last_outcome=last.get(customer.id, ("", ""))[1],
            calls=customer.calls,
        )
        for customer in found
    ]


def briefs_of(session: Session, ids: Sequence[UUID], actor: Actor) -> dict[UUID, CustomerBrief]:
    """The same by id, of those that the actor may see; of a merged card, the one that stands for it."""
    if not ids:
        return {}
    found = list(session.scalars(select(Customer).where(Customer.id.in_(ids))))
    standing = {row.id: customers.survivor(session, row.id) if row.merged_into else row for row in found}
    seen = {
        row.id: row
        for row in standing.values()
        if row and allow(actor, Verb.READ_CARDS, card_of(row.owner_id, row.team_id))
    }
    told = {brief.id: brief for brief in briefs(session, list(seen.values()))}
    return {asked: told[row.id] for asked, row in standing.items() if row and row.id in told}


def _last_talks(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Who talked with each customer last, and the code of what came of it."""
    newest = (CallRow.started_at.desc(), SegmentRow.seq.desc())
    talks = (
        select(
            CallRow.customer_id,
            User.display_name,
            OutcomeCode.code,
            func.row_number().over(partition_by=CallRow.customer_id, order_by=newest).label("place"),
        )
        .select_from(CallRow)
        .join(SegmentRow, SegmentRow.call_id == CallRow.id)
        .join(User, User.id == SegmentRow.agent_id)
        .outerjoin(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
        .outerjoin(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        .where(CallRow.customer_id.in_(ids), SegmentRow.answered_at.is_not(None))
        .subquery()
    )
    rows = session.execute(select(talks.c.customer_id, talks.c.display_name, talks.c.code).where(talks.c.place == 1))
    return {customer: (agent, code or "") for customer, agent, code in rows}
