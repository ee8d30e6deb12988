"""An outcome that is half written: kept while it is owed or waits, and shown wherever it is written on."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field

from callcenter.api import BUS, DB, ROOT, Answer, Body, Line, Prose, View
from callcenter.crm import drafts, settle
from callcenter.crm.access import actor
from callcenter.crm.code_rules import MOST_EXTRAS, CardField
from callcenter.crm.own_fields import MOST
from callcenter.draft import Draft, DraftStep
from callcenter.news import DraftSaved


class DraftStepBody(Body):
    """The call back that is about to be promised: by oneself, or by anybody."""

    due_at: AwareDatetime
    by_me: bool = True


class DraftBody(Body):
    """All of it as it is now, judged only when it is logged. ``card``: what is written into fields of the card that a
    code asks for, by the names that ``missing`` has of them."""

    outcome: Line | None = None
    comment: Prose = ""
    extras: Annotated[list[Line], Field(max_length=MOST_EXTRAS)] = Field(default_factory=list)
    card: Annotated[dict[Line, Line], Field(max_length=len(CardField) + MOST)] = Field(default_factory=dict)
    next_step: DraftStepBody | None = None

    def value(self) -> Draft:
        step = self.next_step
        return Draft(
            outcome=self.outcome or None,
            comment=self.comment,
            extras=tuple(self.extras),
            card=self.card,
            next_step=DraftStep(due_at=step.due_at, by_me=step.by_me) if step else None,
        )


class DraftStepAnswer(Answer):
    due_at: AwareDatetime
    by_me: bool


class DraftAnswer(Answer):
    """As it was kept; of one on which nothing is written all is empty."""

    outcome: str | None
    comment: str
    extras: list[str]
    card: dict[str, str]
    next_step: DraftStepAnswer | None


class DraftView(View):
    async def get(self, segment_id: UUID, /) -> DraftAnswer:
        """What is half written, also of an outcome that was put off; whoever was handed it finds it too."""
        who = actor(self.request)
        return await self.request.app[DB].read(
            lambda s: DraftAnswer.model_validate(drafts.read(settle.drafted(s, segment_id, who)))
        )

    async def put(self, segment_id: UUID, /, body: DraftBody) -> None:
        """Keeps what is half written, so that a reload or another tab has it too."""
        app, who, draft = self.request.app, actor(self.request), body.value()
        await app[DB].write(lambda s: drafts.keep(s, settle.drafted(s, segment_id, who), draft))
        await app[BUS].publish(DraftSaved(segment=segment_id, agent=who.id, draft=draft))


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/segments/{{segment_id}}/draft", DraftView)
