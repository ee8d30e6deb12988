"""What is to be listened to, and the rules by which it is drawn."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

from aiohttp import web
from sqlalchemy import ColumnElement, Select, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from callcenter.api import CLOCK, DB, ROOT, Answer, Body, Limit, Line, View, creates, cursor, etag, expect, read_cursor
from callcenter.crm import audit, customers, once, visible
from callcenter.crm.access import require
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.people import User
from callcenter.crm.models.scores import Evaluation, Sample, SamplingDraw, SamplingRule, ScoreForm
from callcenter.crm.rights import Actor, Verb
from callcenter.errors import NotFound, Refused
from callcenter.scoring import candidates, rules, sampling
from callcenter.scoring.rules import SamplingConditions, SamplingRuleBody
from callcenter.scoring.views import Colleague, colleague

_EVALUATOR: Final = aliased(User)


class SamplingRuleAnswer(Answer):
    """``seed``: with it anybody can draw the lot again. ``week``: the Monday of the last one that was drawn, null
    before the first; then so many talks of so many agents."""

    id: UUID
    name: str
    form_id: UUID
    per_agent: int
    conditions: SamplingConditions
    evaluator_id: UUID | None
    due_days: int
    seed: str
    active: bool
    version: int
    week: date | None = None
    agents: int = 0
    drawn: int = 0


class SamplingRules(Answer):
    items: list[SamplingRuleAnswer]


class SampledTalk(Answer):
    """``recording_id``: where the talk is heard. ``draft_id``: one's own evaluation of it, if it was begun."""

    id: UUID
    rule: str
    week: date
    form_id: UUID
    form: str
    agent: Colleague
    evaluator: Colleague | None
    due_at: datetime
    call_id: UUID
    segment_id: UUID
    call_started_at: datetime
    direction: str
    queue: str
    talk_s: float
    recording_id: UUID | None
    draft_id: UUID | None
    state: str


class SampledTalks(Answer):
    items: list[SampledTalk]
    next_cursor: str | None


class DismissBody(Body):
    """``silent``: nothing can be heard; ``private``: not about work; ``other``."""

    reason: Literal["silent", "private", "other"]


class AssignBody(Body):
    """null: whoever may evaluate the agent."""

    evaluator_id: UUID | None


class SamplingRulesView(View):
    async def get(self) -> SamplingRules:
        """All by name, with what was drawn last."""
        require(self.request, Verb.EVALUATE)
        rows = await self.request.app[DB].read(rules.every)
        return SamplingRules(items=[_rule(*row) for row in rows])

    @creates
    async def post(self, body: SamplingRuleBody) -> SamplingRuleAnswer:
        """A new rule; the week that is over is drawn within a minute."""
        app, who = self.request.app, require(self.request, Verb.EDIT_SCORECARDS)
        now = app[CLOCK].now()

        def make(session: Session) -> UUID:
            made = rules.create(session, body, now)
            audit.record(session, who, "create", ("sampling_rule", str(made)), now)
            return made

        made, _ = await once.create(self.request, "sampling_rule", make)
        found = _rule(await app[DB].read(lambda s: rules.get(s, made)), None)
        self.answer_header("ETag", etag(found.version))
        return found


class RuleView(View):
    async def put(self, rule_id: UUID, /, body: SamplingRuleBody) -> SamplingRuleAnswer:
        """Changes it for the lots to come."""
        app, who = self.request.app, require(self.request, Verb.EDIT_SCORECARDS)
        now = app[CLOCK].now()

        def change(session: Session) -> SamplingRuleAnswer:
            row = rules.get(session, rule_id, lock=True)
            expect(self.request, row.version)
            rules.change(session, row, body)
            audit.record(session, who, "change", ("sampling_rule", str(rule_id)), now)
            return _rule(row, None)

        found = await app[DB].write(change)
        self.answer_header("ETag", etag(found.version))
        return found


class SamplesView(View):
    async def get(
        self, mine: bool = False, agent: UUID | None = None, limit: Limit = 50, cursor: Line = ""
    ) -> SampledTalks:
        """What waits to be listened to, the most urgent first. ``mine``: given to oneself, or to nobody."""
        who, after = require(self.request, Verb.EVALUATE), read_cursor(cursor)
        wanted: list[ColumnElement[bool]] = [Sample.state == "waiting", candidates.recorded()]
        if mine:
            wanted += [or_(Sample.evaluator_id == who.id, Sample.evaluator_id.is_(None)), Sample.agent_id != who.id]
        if agent:
            wanted.append(Sample.agent_id == agent)
        return await self.request.app[DB].read(lambda s: _page(s, wanted, who, limit, after))


class SampleDismissView(View):
    async def post(self, sample_id: UUID, /, body: DismissBody) -> SampledTalk:
        """It is not listened to; another talk of the agent's week takes its place, if there is one."""
        app, who = self.request.app, require(self.request, Verb.EVALUATE)
        now = app[CLOCK].now()

        def work(session: Session) -> SampledTalk:
            row = _waiting(session, sample_id, who)
            sampling.dismiss(session, row, body.reason, now)
            audit.record(session, who, "dismiss", ("sample", str(row.id)), now, reason=body.reason)
            return _one(session, row.id, who)

        return await app[DB].write(work)


class AssignView(View):
    async def put(self, sample_id: UUID, /, body: AssignBody) -> SampledTalk:
        """Gives it to somebody who evaluates, or to nobody in particular."""
        who = require(self.request, Verb.EVALUATE)

        def work(session: Session) -> SampledTalk:
            row = _waiting(session, sample_id, who)
            rules.must_evaluate(session, body.evaluator_id, "evaluator_id")
            if body.evaluator_id == row.agent_id:
                raise Refused("nobody evaluates himself", code="own_talk")
            row.evaluator_id = body.evaluator_id
            session.flush()
            return _one(session, row.id, who)

        return await self.request.app[DB].write(work)


def _waiting(session: Session, sample_id: UUID, who: Actor) -> Sample:
    """Raises NotFound, and Refused where it waits no more."""
    seen = (Sample.id == sample_id, *_seen(who))
    found = select(Sample).join(User, User.id == Sample.agent_id).where(*seen).with_for_update(of=Sample)
    row = session.scalar(found)
    if row is None:
        raise NotFound("there is no such talk to listen to")
    if row.state != "waiting":
        raise Refused("it was listened to or put aside meanwhile", code="sample_done")
    return row


def _seen(who: Actor) -> tuple[ColumnElement[bool], ...]:
    """Of agents on one's floor, and what one may hear. The statement joins the agent as ``User``."""
    return visible.people(who), visible.on_audible_call(who, Sample.call_id)


def _page(
    session: Session,
    wanted: list[ColumnElement[bool]],
    who: Actor,
    limit: int,
    after: customers.PageKey | None,
) -> SampledTalks:
    found = _lines(who).where(*wanted)
    if after:
        found = found.where(tuple_(Sample.due_at, Sample.id) > customers.key(*after))
    rows = session.execute(found.order_by(Sample.due_at, Sample.id).limit(limit + 1)).all()
    items = [_told(row) for row in rows[:limit]]
    more = cursor(items[-1].due_at, items[-1].id) if len(rows) > limit else None
    return SampledTalks(items=items, next_cursor=more)


def _one(session: Session, sample_id: UUID, who: Actor) -> SampledTalk:
    return _told(session.execute(_lines(who).where(Sample.id == sample_id)).one())


def _lines(who: Actor) -> Select[*tuple[Any, ...]]:
    heard = select(RecordingRow.id).where(RecordingRow.call_id == Sample.call_id, RecordingRow.state == "stored")
    begun = select(Evaluation.id).where(
        Evaluation.form_id == Sample.form_id,
        Evaluation.segment_id == Sample.segment_id,
        Evaluation.evaluator_id == who.id,
        Evaluation.state == "draft",
    )
    first = heard.order_by(RecordingRow.started_at).limit(1).scalar_subquery()
    return (
        select(Sample, SamplingRule, ScoreForm, CallRow, SegmentRow, User, _EVALUATOR, first, begun.scalar_subquery())
        .join(SamplingRule, SamplingRule.id == Sample.rule_id)
        .join(ScoreForm, ScoreForm.id == Sample.form_id)
        .join(CallRow, CallRow.id == Sample.call_id)
        .join(SegmentRow, SegmentRow.id == Sample.segment_id)
        .join(User, User.id == Sample.agent_id)
        .outerjoin(_EVALUATOR, _EVALUATOR.id == Sample.evaluator_id)
        .where(*_seen(who))
    )


def _told(found: Any) -> SampledTalk:
    sample, rule, form, call, talk, agent, evaluator, recording, draft = found
    same = ("id", "week", "form_id", "due_at", "call_id", "segment_id", "state")
    return SampledTalk(
        **{name: getattr(sample, name) for name in same},
        rule=rule.name,
        form=form.name,
        agent=colleague(agent),
        evaluator=colleague(evaluator) if evaluator else None,
        call_started_at=call.started_at,
        direction=call.direction,
        queue=talk.queue,
        talk_s=talk.talk_s,
        recording_id=recording,
        draft_id=draft,
    )


def _rule(row: SamplingRule, last: SamplingDraw | None) -> SamplingRuleAnswer:
    told = SamplingRuleAnswer.model_validate(row)
    return told.model_copy(update={"week": last.week, "agents": last.agents, "drawn": last.drawn}) if last else told


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/sampling-rules", SamplingRulesView)
    app.router.add_view(f"{ROOT}/sampling-rules/{{rule_id}}", RuleView)
    app.router.add_view(f"{ROOT}/samples", SamplesView)
    app.router.add_view(f"{ROOT}/samples/{{sample_id}}/dismiss", SampleDismissView)
    app.router.add_view(f"{ROOT}/samples/{{sample_id}}/evaluator", AssignView)
