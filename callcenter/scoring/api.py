"""Evaluations over HTTP: filled in while listening, shown to the agent, disputed, settled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field, StringConstraints
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Body, Limit, Line, Prose, View, creates, etag, expect, read_cursor
from callcenter.crm import audit, once
from callcenter.crm.access import require
from callcenter.crm.models.scores import Evaluation
from callcenter.crm.rights import Actor, Verb
from callcenter.errors import Refused
from callcenter.news import Scored
from callcenter.scoring import evaluations, views
from callcenter.scoring.evaluations import DisputeVerdict, EvaluationState, EvaluationStep, Filled
from callcenter.scoring.score import Given
from callcenter.scoring.views import EvaluationAnswer, EvaluationList, Filter

Seconds = Annotated[float, Field(ge=0, le=7 * 86_400)]
Said = Annotated[Prose, StringConstraints(max_length=2000)]
Reason = Annotated[Said, StringConstraints(min_length=1)]


class BeginBody(Body):
    form_id: UUID
    segment_id: UUID


class AnswerBody(Body):
    question_id: UUID
    given: int | None = None
    does_not_apply: bool = False
    words: Said = ""
    comment: Said = ""
    at_s: Seconds | None = None

    def value(self) -> Filled:
        return Filled(
            question=self.question_id,
            given=Given(value=self.given, does_not_apply=self.does_not_apply),
            words=self.words,
            comment=self.comment,
            at_s=self.at_s,
        )


Answers = Annotated[list[AnswerBody], Field(max_length=100)]


class FillBody(Body):
    """The whole draft as it is now."""

    answers: Answers
    summary: Said = ""


class DisputeBody(Body):
    reason: Reason


class SettleBody(Body):
    """``answers`` with the verdict *changed*: the whole form, scored anew."""

    verdict: DisputeVerdict
    reason: Reason
    answers: Answers | None = None


class EvaluationsView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        state: EvaluationState | None = None,
        form: UUID | None = None,
        agent: UUID | None = None,
        evaluator: UUID | None = None,
        call: UUID | None = None,
        pbx: Line = "",
        queue: Line = "",
        failed: bool | None = None,
        since: Annotated[AwareDatetime | None, Field(alias="from")] = None,
        before: Annotated[AwareDatetime | None, Field(alias="to")] = None,
        limit: Limit = 50,
        cursor: Line = "",
    ) -> EvaluationList:
        """The newest first: of oneself those that are published; for supervisors also their people's and own drafts."""
        who, after = require(self.request, Verb.READ_SCORES), read_cursor(cursor)
        wanted = Filter(
            state=state,
            form=form,
            agent=agent,
            evaluator=evaluator,
            call=call,
            pbx=pbx,
            queue=queue,
            failed=failed,
            since=since,
            before=before,
        )
        return await self.request.app[DB].read(lambda s: views.page(s, wanted, who, limit, after))

    @creates
    async def post(self, body: BeginBody) -> EvaluationAnswer:
        """Begins to evaluate an agent's part in a call, or goes on with the draft one has of it."""
        who, now = require(self.request, Verb.EVALUATE), self.request.app[CLOCK].now()

        def make(session: Session) -> UUID:
            return evaluations.begin(session, body.form_id, body.segment_id, who, now)

        made, _ = await once.create(self.request, "evaluation", make)

        def read(session: Session) -> EvaluationAnswer:
            return views.whole(session, evaluations.get(session, made, who), who)

        return _tagged(self, await self.request.app[DB].read(read))


class EvaluationView(View):
    async def get(self, evaluation_id: UUID, /) -> EvaluationAnswer:
        """One evaluation, with the form it was filled in on. Reading it is noted."""
        who, now, db = require(self.request, Verb.READ_SCORES), self.request.app[CLOCK].now(), self.request.app[DB]

        def read(session: Session) -> tuple[EvaluationAnswer, bool]:
            row = evaluations.get(session, evaluation_id, who)
            quiet = row.state == EvaluationState.DRAFT or evaluations.read_before(session, row, who, now)
            return views.whole(session, row, who), quiet

        found, quiet = await db.read(read)
        if not quiet:
            thing = ("evaluation", str(evaluation_id))
            await db.write(lambda s: audit.record(s, who, "read", thing, now))
        return _tagged(self, found)

    async def put(self, evaluation_id: UUID, /, body: FillBody) -> EvaluationAnswer:
        """Keeps the draft as it is now."""

        def work(session: Session, row: Evaluation, _who: Actor) -> None:
            evaluations.fill(session, row, [one.value() for one in body.answers], body.summary)

        return await _step(self, evaluation_id, EvaluationStep.FILL, work)

    async def delete(self, evaluation_id: UUID, /) -> None:
        """Throws one's draft away."""
        who = require(self.request, Verb.READ_SCORES)

        def work(session: Session) -> None:
            evaluations.drop(session, _mine(session, evaluation_id, who, EvaluationStep.FILL))

        await self.request.app[DB].write(work)


class PublishView(View):
    async def post(self, evaluation_id: UUID, /) -> EvaluationAnswer:
        """Shows it to the agent; from now on nobody rewrites it."""
        now = self.request.app[CLOCK].now()

        def work(session: Session, row: Evaluation, who: Actor) -> None:
            evaluations.publish(session, row, now)
            _note(session, who, row, "publish")

        return await _step(self, evaluation_id, EvaluationStep.FILL, work)


class AcknowledgeView(View):
    async def post(self, evaluation_id: UUID, /) -> EvaluationAnswer:
        """The agent has read it."""
        now = self.request.app[CLOCK].now()

        def work(session: Session, row: Evaluation, who: Actor) -> None:
            evaluations.acknowledge(row, now)
            _note(session, who, row, "acknowledge")

        return await _step(self, evaluation_id, EvaluationStep.ANSWER, work)


class DisputeView(View):
    async def post(self, evaluation_id: UUID, /, body: DisputeBody) -> EvaluationAnswer:
        """The agent does not agree, and says why."""
        now = self.request.app[CLOCK].now()

        def work(session: Session, row: Evaluation, who: Actor) -> None:
            evaluations.dispute(session, row, body.reason, now)
            _note(session, who, row, "dispute")

        return await _step(self, evaluation_id, EvaluationStep.ANSWER, work)


class SettleView(View):
    async def post(self, evaluation_id: UUID, /, body: SettleBody) -> EvaluationAnswer:
        """Ends a dispute with a reason: the score stays, or is counted anew."""
        now = self.request.app[CLOCK].now()

        def work(session: Session, row: Evaluation, who: Actor) -> None:
            if body.verdict is DisputeVerdict.CHANGED:
                evaluations.change(session, row, [one.value() for one in body.answers or []])
            evaluations.settle(session, row, who, now, body.reason)
            _note(session, who, row, "settle", verdict=str(body.verdict))

        return await _step(self, evaluation_id, EvaluationStep.SETTLE, work)


async def _step(
    view: View, evaluation_id: UUID, step: EvaluationStep, work: Callable[[Session, Evaluation, Actor], None]
) -> EvaluationAnswer:
    """Does it, tells whoever must know, and answers what became of it."""
    app, who = view.request.app, require(view.request, Verb.READ_SCORES)

    def write(session: Session) -> tuple[EvaluationAnswer, frozenset[UUID]]:
        row = _mine(session, evaluation_id, who, step)
        expect(view.request, row.version)
        work(session, row, who)
        session.flush()
        return views.whole(session, row, who), frozenset({row.agent_id, row.evaluator_id})

    found, people = await app[DB].write(write)
    if found.state is not EvaluationState.DRAFT:
        told = Scored(evaluation=found.id, agent=found.agent.id, state=found.state, people=people)
        await app[BUS].publish(told)
    return _tagged(view, found)


def _mine(session: Session, evaluation_id: UUID, who: Actor, step: EvaluationStep) -> Evaluation:
    """Raises NotFound, and Refused when the person may not do that now."""
    row = evaluations.get(session, evaluation_id, who, lock=True)
    if step not in evaluations.steps(session, row, who):
        raise Refused("this is not yours to do now", code=f"not_to_{step}")
    return row


def _note(session: Session, who: Actor, row: Evaluation, verb: str, **more: str) -> None:
    at = row.settled_at or row.answered_at or row.at
    audit.record(session, who, verb, ("evaluation", str(row.id)), at, **more)


def _tagged(view: View, found: EvaluationAnswer) -> EvaluationAnswer:
    view.answer_header("ETag", etag(found.version))
    return found


def add_routes(app: web.Application) -> None:
    here = f"{ROOT}/evaluations/{{evaluation_id}}"
    app.router.add_view(f"{ROOT}/evaluations", EvaluationsView)
    app.router.add_view(here, EvaluationView)
    app.router.add_view(f"{here}/publish", PublishView)
    app.router.add_view(f"{here}/acknowledge", AcknowledgeView)
    app.router.add_view(f"{here}/dispute", DisputeView)
    app.router.add_view(f"{here}/settle", SettleView)
