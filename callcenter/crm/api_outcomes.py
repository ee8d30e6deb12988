"""What came of a talk: what may be chosen, and logging it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field, StringConstraints
from sqlalchemy.orm import Session

from callcenter.api import (
    BUS,
    CLOCK,
    DB,
    ROOT,
    Answer,
    Body,
    Line,
    Prose,
    View,
)
from callcenter.crm import (
    audit,
    call_list,
    call_views,
    messages,
    news,
    outcome_effects,
    outcomes,
    settle,
)
from callcenter.crm.access import actor, require
from callcenter.crm.call_answers import SegmentAnswer
from callcenter.crm.code_rules import MOST_EXTRAS, NO_COMMENT, Choice, Code, System
from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.crm.outcome_effects import Touched
from callcenter.crm.rights import Actor, Verb
from callcenter.crm.schemas import Zone
from callcenter.crm.settle import Part
from callcenter.crm.task_writing import columns
from callcenter.decision_events import OutcomeLogged, OutcomeWaived, Promise
from callcenter.errors import Refused
from callcenter.news import BlocksChanged, CustomerChanged, DoNotCallChanged


class NextStep(Body):
    """What was promised: a call from ``due_at`` on, by oneself unless ``assignee_id`` says who (null: anybody)."""

    due_at: AwareDatetime
    due_until: AwareDatetime | None = None
    zone: Zone = ""
    note: Prose = ""
    assignee_id: UUID | None = None
    remind_at: AwareDatetime | None = None


class Logged(Body):
    """``next_step`` is kept in the same transaction as the outcome. ``extras``: codes beside the primary one, where the
    queue allows several; ``confirmed``: the second stroke, where a code asks for it."""

    outcome: Line
    extras: Annotated[list[Line], Field(max_length=MOST_EXTRAS)] = Field(default_factory=list)
    comment: Prose = ""
    next_step: NextStep | None = None
    confirmed: bool = False


class ChoiceAnswer(Answer):
    """One line of the tree. A group is opened, not chosen; ``parent`` is the code of the group it is in, "" at the
    root. ``key``: the digit that picks it; ``shortcut``: which of the keys of its own it has (1 to 5, null: none).
    ``missing``: fields that it asks for and the card has not, ``own:…`` those that the call
    center added. ``call_back_min``: the call back that is proposed, in minutes; ``message``: what the message is called
    that it makes ready, "" for none."""

    code: str
    parent: str
    group: bool
    labels: dict[str, str]
    key: int | None
    shortcut: int | None
    system: System | None
    comment: str
    comment_min: int
    follow_up: bool
    confirm: bool
    do_not_call: bool
    missing: list[str]
    call_back_min: int | None
    message: str


class Choices(Answer):
    """What the agent may choose for this talk now, groups before what is in them; ``extras``: how many codes beside the
    primary one; ``card``: whose fields are asked for, null where the call has no card;
    ``short_used_up``: a short talk, and so many of those as are logged by rule in an hour are used up (0: no)."""

    items: list[ChoiceAnswer]
    extras: int
    card: UUID | None
    short_used_up: int


class Waiver(Body):
    reason: Annotated[Prose, StringConstraints(min_length=1)]


class ChoicesView(View):
    async def get(self, segment_id: UUID, /) -> Choices:
        """What may be chosen for this talk now, and what each code asks for."""
        who = actor(self.request)
        return await self.request.app[DB].read(lambda s: _choices(s, segment_id, who))


class SegmentOutcomeView(View):
    async def put(self, segment_id: UUID, /, body: Logged) -> SegmentAnswer:
        """Logs what came of the talk, from its answer on; again: corrects it."""
        return await _log(self.request, segment_id, body)


class CallOutcomeView(View):
    async def put(self, call_id: UUID, /, body: Logged) -> SegmentAnswer:
        """The same where one owes exactly one outcome for the call."""
        who = actor(self.request)

        def owed(session: Session) -> UUID:
            return settle.only_owed(session, call_list.get(session, call_id, who).id, who)

        return await _log(self.request, await self.request.app[DB].read(owed), body)


class WaiveView(View):
    async def post(self, segment_id: UUID, /, body: Waiver) -> SegmentAnswer:
        """Lets an agent off, with a reason."""
        app, who = self.request.app, require(self.request, Verb.WAIVE)
        now = app[CLOCK].now()
        part = await app[DB].read(lambda s: settle.waived(s, segment_id, who))
        mono = app[CLOCK].monotonic()
        event = OutcomeWaived(call=part.call, at=now, mono=mono, segment=part.seq, by=who.id, reason=body.reason)
        if await news.take(app, event) is None:
            raise Refused("it was settled meanwhile", code="nothing_owed")
        await _audit(self.request, who, "waive", part)
        return await app[DB].read(lambda s: call_views.segment(s, segment_id))


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/segments/{{segment_id}}/outcome", SegmentOutcomeView)
    app.router.add_view(f"{ROOT}/segments/{{segment_id}}/outcome-choices", ChoicesView)
    app.router.add_view(f"{ROOT}/segments/{{segment_id}}/waive", WaiveView)
    app.router.add_view(f"{ROOT}/calls/{{call_id}}/outcome", CallOutcomeView)


async def _log(request: web.Request, segment_id: UUID, body: Logged) -> SegmentAnswer:
    app, who, now = request.app, actor(request), request.app[CLOCK].now()
    choice = Choice(
        outcome=body.outcome,
        extras=tuple(body.extras),
        comment=body.comment,
        promised=body.next_step is not None,
        confirmed=body.confirmed,
    )
    part, touched = await app[DB].read(lambda s: _judged(s, segment_id, who, now, choice))
    promise = await _promised(request, body.next_step)
    if part.code is None:
        raise AssertionError("an outcome has a code")
    event = OutcomeLogged(
        call=part.call,
        at=now,
        mono=app[CLOCK].monotonic(),
        segment=part.seq,
        outcome=part.code,
        by=who.id,
        comment=body.comment,
        extras=part.extras,
        promise=promise,
    )
    await news.take(app, event)
    await _tell(app, part, touched)
    if part.correction or part.agent != who.id:
        await _audit(request, who, "correct_outcome" if part.correction else "log_outcome", part)
    return await app[DB].read(lambda s: call_views.segment(s, segment_id))


def _choices(session: Session, segment_id: UUID, who: Actor) -> Choices:
    asked = settle.asked(session, segment_id, who)
    tree, lacking = outcomes.tree(session), outcomes.lacking(session, asked.card)
    offered = set(tree.offered(asked.offer))
    shown = offered | {above for code in offered for above in tree.path(code)}
    ready = messages.names(session)
    items = [_line(row, tree.codes[row.code], lacking, ready) for row in outcomes.every(session) if row.code in shown]
    card = asked.card.id if asked.card else None
    return Choices(items=items, extras=asked.offer.extras, card=card, short_used_up=asked.used_up)


def _line(row: OutcomeCode, code: Code, lacking: frozenset[str], ready: Mapping[UUID, str]) -> ChoiceAnswer:
    return ChoiceAnswer(
        code=code.code,
        parent=code.parent,
        group=code.group,
        labels=row.labels,
        key=row.key,
        shortcut=list(System).index(code.system) + 1 if code.system else None,
        system=code.system,
        comment=NO_COMMENT if code.system else code.comment,
        comment_min=code.comment_min,
        follow_up=code.follow_up,
        confirm=code.confirm,
        do_not_call=code.do_not_call,
        missing=sorted(code.needs & lacking),
        call_back_min=row.call_back_min,
        message=ready.get(row.template_id, "") if row.template_id else "",
    )


async def _promised(request: web.Request, step: NextStep | None) -> Promise | None:
    """Judged before the outcome is logged: afterwards neither could be refused alone."""
    if step is None:
        return None
    values = {"assignee_id": actor(request).id, **step.model_dump(exclude_unset=True)}
    judged = await request.app[DB].read(lambda s: columns(s, request, values))
    return Promise(
        due_at=step.due_at,
        due_until=step.due_until,
        zone=step.zone,
        note=step.note,
        assignee=judged["assignee_id"],
        remind_at=step.remind_at,
    )


def _judged(session: Session, segment_id: UUID, who: Actor, now: datetime, choice: Choice) -> tuple[Part, Touched]:
    part = settle.logged(session, segment_id, who, now, choice)
    return part, outcome_effects.touches(session, [code for code in (part.code, *part.extras) if code])


async def _tell(app: web.Application, part: Part, touched: Touched) -> None:
    """What follows from these codes, and from what was said before them, is news to others."""
    if touched.blocks or part.correction:
        await app[BUS].publish(BlocksChanged())
    if touched.not_called or part.correction:
        await app[BUS].publish(DoNotCallChanged())
    if part.customer and (touched.card or part.correction):
        await app[BUS].publish(CustomerChanged(customer=part.customer))


async def _audit(request: web.Request, who: Actor, verb: str, part: Part) -> None:
    now = request.app[CLOCK].now()
    thing = ("segment", str(part.id))
    await request.app[DB].write(lambda s: audit.record(s, who, verb, thing, now, agent=str(part.agent)))
