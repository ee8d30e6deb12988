"""What one has to log, now or later; and the ways out: later, somebody else, a queue that is released for a while."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Final, TypeAlias
from uuid import UUID
from weakref import WeakValueDictionary

from aiohttp import web
from pydantic import Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Prose, View
from callcenter.call import OutcomeState
from callcenter.crm import audit, call_views, deferrals, hiding_policy, news, outcome_rules, queues, releases, settle
from callcenter.crm.access import actor, require
from callcenter.crm.call_answers import SegmentAnswer
from callcenter.crm.card_views import display
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.outcomes import Deferral
from callcenter.crm.models.people import User
from callcenter.crm.rights import UserRole, Verb
from callcenter.decision_events import OutcomeDeferred, PutOff
from callcenter.errors import Refused
from callcenter.news import OutcomeRulesChanged

Clicks: TypeAlias = WeakValueDictionary[UUID, asyncio.Lock]
CLICKS: Final[web.AppKey[Clicks]] = web.AppKey("clicks", WeakValueDictionary)
"""By person, held from counting what he has put off to the commit of one more: several clicks at once would all be the
last that is allowed."""
Why = Annotated[Prose, StringConstraints(min_length=1, max_length=500)]


class DeferredAnswer(Answer):
    """Why it may wait, until when at the latest, and who said so."""

    why: PutOff
    at: datetime
    until: datetime
    by: str
    note: str


class Debt(Answer):
    """``agent``: who talked; ``who``: the customer's name, or his number."""

    segment_id: UUID
    call_id: UUID
    state: OutcomeState
    agent: str
    who: str
    queue: str
    answered_at: datetime | None
    deferred: DeferredAnswer | None


class Debts(Answer):
    """Oldest first. ``left``: how many more one may put off."""

    items: list[Debt]
    left: int


class FellowAnswer(Answer):
    id: UUID
    display_name: str
    role: UserRole


class Fellows(Answer):
    items: list[FellowAnswer]


class HandOver(Body):
    """``to`` logs it instead; ``note`` is for him."""

    to: UUID
    note: Prose = ""


class ReleaseOrder(Body):
    """For how long, and why: both stand on the audit trail."""

    minutes: Annotated[int, Field(ge=1, le=480)]
    reason: Why


class ReleaseAnswer(Answer):
    pbx: str
    queue: str
    label: str
    at: datetime
    until: datetime
    by: str
    reason: str


class Releases(Answer):
    items: list[ReleaseAnswer]


class MyDebtsView(View):
    async def get(self) -> Debts:
        """What one has to log, now or later, also what colleagues handed over."""
        who = actor(self.request)

        def read(session: Session) -> Debts:
            most = outcome_rules.read(session).deferrals
            items = [_debt(session, *row) for row in deferrals.debts(session, who.id)]
            return Debts(items=items, left=max(0, most - deferrals.used(session, who.id)))

        return await self.request.app[DB].read(read)


class MyColleaguesView(View):
    async def get(self) -> Fellows:
        """Who may be handed what one owes, by name."""
        who = actor(self.request)
        found = select(User).where(User.active, User.id != who.id).order_by(User.display_name, User.id)

        def read(session: Session) -> Fellows:
            return Fellows(items=[FellowAnswer.model_validate(user) for user in session.scalars(found)])

        return await self.request.app[DB].read(read)


class DeferView(View):
    async def post(self, segment_id: UUID, /) -> SegmentAnswer:
        """Puts off what one owes, until the end of the shift; as many as the rules allow."""
        who = actor(self.request)
        return await _put_off(self.request, segment_id, (PutOff.AGENT, who.id, ""))


class HandOverView(View):
    async def post(self, segment_id: UUID, /, body: HandOver) -> SegmentAnswer:
        """Hands what one owes, or an agent of one's team owes, to somebody who logs it."""
        return await _put_off(self.request, segment_id, (PutOff.HANDED, body.to, body.note))


class ReleasesView(View):
    async def get(self) -> Releases:
        """The queues that are released now."""
        require(self.request, Verb.SEE_FLOOR)
        now = self.request.app[CLOCK].now()
        return await self.request.app[DB].read(lambda s: _releases(s, now))


class QueueReleaseView(View):
    async def post(self, queue_id: UUID, /, body: ReleaseOrder) -> Releases:
        """What is owed for the queue's talks may wait, for so many minutes. It ends by itself; again: from now on."""
        app, who = self.request.app, require(self.request, Verb.ORDER_AGENTS)
        now = app[CLOCK].now()

        def change(session: Session) -> Releases:
            order = releases.Ordered(by=who.id, now=now, minutes=body.minutes, reason=body.reason)
            releases.put(session, releases.queue(session, queue_id), order)
            audit.record(session, who, "release_queue", ("queue", str(queue_id)), now, **body.model_dump())
            return _releases(session, now)

        changed = await app[DB].write(change)
        await app[BUS].publish(OutcomeRulesChanged())
        return changed

    async def delete(self, queue_id: UUID, /) -> Releases:
        """Ends it before its time."""
        app, who = self.request.app, require(self.request, Verb.ORDER_AGENTS)
        now = app[CLOCK].now()

        def change(session: Session) -> Releases:
            releases.end(session, releases.queue(session, queue_id))
            audit.record(session, who, "end_release", ("queue", str(queue_id)), now)
            return _releases(session, now)

        changed = await app[DB].write(change)
        await app[BUS].publish(OutcomeRulesChanged())
        return changed


def add_routes(app: web.Application) -> None:
    app[CLICKS] = WeakValueDictionary()
    app.router.add_view(f"{ROOT}/me/debts", MyDebtsView)
    app.router.add_view(f"{ROOT}/me/colleagues", MyColleaguesView)
    app.router.add_view(f"{ROOT}/segments/{{segment_id}}/defer", DeferView)
    app.router.add_view(f"{ROOT}/segments/{{segment_id}}/hand-over", HandOverView)
    app.router.add_view(f"{ROOT}/releases", ReleasesView)
    app.router.add_view(f"{ROOT}/queues/{{queue_id}}/release", QueueReleaseView)


async def _put_off(request: web.Request, segment_id: UUID, how: tuple[PutOff, UUID, str]) -> SegmentAnswer:
    app, who = request.app, actor(request)
    why, to, note = how
    now, mono = app[CLOCK].now(), app[CLOCK].monotonic()

    def judge(session: Session) -> tuple[settle.Part, UUID, str]:
        part = settle.put_off(session, segment_id, who)
        holder = deferrals.holder(session, to, part.agent) if why is PutOff.HANDED else to
        return part, holder, hiding_policy.hide(session, note)

    async with app[CLICKS].setdefault(who.id, asyncio.Lock()):
        part, holder, hidden = await app[DB].read(judge)
        event = OutcomeDeferred(
            call=part.call, at=now, mono=mono, segment=part.seq, by=who.id, why=why, holder=holder, note=hidden
        )
        if await news.take(app, event) is None:
            raise Refused("it was settled meanwhile", code="nothing_owed")
    verb, thing = "defer" if why is PutOff.AGENT else "hand_over", ("segment", str(segment_id))
    details = {"agent": str(part.agent), "to": str(holder)}
    await app[DB].write(lambda s: audit.record(s, who, verb, thing, now, **details))
    return await app[DB].read(lambda s: call_views.segment(s, segment_id))


def _debt(session: Session, segment: SegmentRow, call: CallRow, deferral: Deferral | None) -> Debt:
    customer = session.get(Customer, call.customer_id) if call.customer_id else None
    return Debt(
        segment_id=segment.id,
        call_id=call.id,
        state=OutcomeState(segment.outcome_state),
        agent=_name(session, segment.agent_id),
        who=(customer.name if customer else "") or (display(call.number_raw, None) if call.number_raw else ""),
        queue=queues.labels(session).get((call.pbx, segment.queue), segment.queue),
        answered_at=segment.answered_at,
        deferred=_deferred(session, deferral) if deferral else None,
    )


def _deferred(session: Session, row: Deferral) -> DeferredAnswer:
    by = _name(session, row.by_id)
    return DeferredAnswer(why=PutOff(row.why), at=row.at, until=row.until, by=by, note=row.note)


def _releases(session: Session, now: datetime) -> Releases:
    labels = queues.labels(session)
    return Releases(
        items=[
            ReleaseAnswer(
                pbx=row.pbx,
                queue=row.queue,
                label=labels.get((row.pbx, row.queue), ""),
                at=row.at,
                until=row.until,
                by=_name(session, row.by_id),
                reason=row.reason,
            )
            for row in releases.standing(session, now)
        ]
    )


def _name(session: Session, person: UUID | None) -> str:
    found = session.scalar(select(User.display_name).where(User.id == person)) if person else None
    return found or ""
