"""Two cards that are one customer: suggested, merged, undone."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, View
from callcenter.crm import audit, card_views, customers, duplicates, merge
from callcenter.crm.access import require
from callcenter.crm.card_views import CustomerAnswer, CustomerBrief
from callcenter.crm.customers import Made
from callcenter.crm.matching import Reason
from callcenter.crm.rights import Verb
from callcenter.news import CustomerChanged

Chosen = Literal[
    "kind",
    "name",
    "organisation",
    "status",
    "vip",
    "email",
    "address",
    "note",
    "language",
    "owner_id",
    "team_id",
]


class MergeBody(Body):
    """The card in the path stays; ``take`` names the fields of which the other's value does."""

    other_id: UUID
    take: list[Chosen] = Field(default_factory=list, max_length=20)


class DoubleAnswer(Answer):
    """``score`` from 0 to 100."""

    customer: CustomerBrief
    score: int
    reasons: list[Reason]


class Doubles(Answer):
    items: list[DoubleAnswer]


class DuplicatesView(View):
    async def get(self, customer_id: UUID, /) -> Doubles:
        """Cards that may be the same customer, the most alike first."""
        who = require(self.request, Verb.READ_CARDS)

        def read(session: Session) -> Doubles:
            found = duplicates.doubles(session, customers.get(session, customer_id, who), who)
            cards = card_views.briefs_of(session, [double.customer for double in found], who)
            return Doubles(
                items=[
                    DoubleAnswer(customer=cards[d.customer], score=d.likeness.score, reasons=list(d.likeness.reasons))
                    for d in found
                    if d.customer in cards
                ]
            )

        return await self.request.app[DB].read(read)


class MergesView(View):
    async def post(self, customer_id: UUID, /, body: MergeBody) -> CustomerAnswer:
        """Makes the other card a part of this one; for a month it can be undone."""
        app, who = self.request.app, require(self.request, Verb.MERGE_CARDS)
        made = Made(by=who, at=app[CLOCK].now())

        def write(session: Session) -> CustomerAnswer:
            row = merge.merge(session, customer_id, body.other_id, frozenset(body.take), made)
            kept = customers.whoever(session, row.survivor_id)
            audit.record(session, who, "merge", ("customer", str(kept.id)), made.at, other=str(row.loser_id))
            return card_views.card(session, kept, who, made.at)

        card = await app[DB].write(write)
        for changed in (card.id, body.other_id):
            await app[BUS].publish(CustomerChanged(customer=changed))
        return card


class MergeUndoView(View):
    async def post(self, merge_id: UUID, /) -> CustomerAnswer:
        """Makes them two again."""
        app, who = self.request.app, require(self.request, Verb.MERGE_CARDS)
        made = Made(by=who, at=app[CLOCK].now())

        def write(session: Session) -> tuple[CustomerAnswer, UUID]:
            row = merge.undo(session, merge_id, made)
            kept = customers.whoever(session, row.survivor_id)
            audit.record(session, who, "undo_merge", ("customer", str(kept.id)), made.at, other=str(row.loser_id))
            return card_views.card(session, kept, who, made.at), row.loser_id

        card, other = await app[DB].write(write)
        for changed in (card.id, other):
            await app[BUS].publish(CustomerChanged(customer=changed))
        return card


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/customers/{{customer_id}}/duplicates", DuplicatesView)
    app.router.add_view(f"{ROOT}/customers/{{customer_id}}/merges", MergesView)
    app.router.add_view(f"{ROOT}/merges/{{merge_id}}/undo", MergeUndoView)
