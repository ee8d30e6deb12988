"""What a supervisor may do to an agent from the floor, and talks that are nobody's until somebody claims them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import RootModel, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, Body, Prose, View
from callcenter.crm import audit, call_views, news, rosters, sessions, settle
from callcenter.crm.access import actor, require
from callcenter.crm.call_answers import SegmentAnswer
from callcenter.crm.models.people import User
from callcenter.crm.rights import Actor, Verb
from callcenter.crm.visible import narrow
from callcenter.decision_events import OutcomeWaived, SegmentClaimed
from callcenter.errors import NotFound, Refused
from callcenter.routing.api_presence import Lifting, PresenceView
from callcenter.routing.keys import GATE
from callcenter.routing.unowned import Unowned

Why = Annotated[Prose, StringConstraints(min_length=1, max_length=500)]


class Order(Body):
    """``reason`` is shown to the agent and kept on the audit trail."""

    reason: Why


class Release(Lifting):
    """Which of an agent's reasons to end, and why."""

    reason: Why


class UnownedTalk(RootModel[Unowned]):
    """A talk on a phone nobody was signed in at."""


class UnownedTalks(Answer):
    items: list[UnownedTalk]


class ForcedPauseView(View):
    async def post(self, agent_id: UUID, /, body: Order) -> PresenceView:
        """Pauses an agent in all queues; only a supervisor can end it."""
        app, who = self.request.app, require(self.request, Verb.ORDER_AGENTS)
        await _within_reach(self.request, agent_id)
        await app[GATE].breaks.force(agent_id, who.id, body.reason)
        await _audit(self.request, who, "force_pause", agent_id, reason=body.reason)
        return PresenceView(app[GATE].presence(agent_id))


class ForcedResumeView(View):
    async def post(self, agent_id: UUID, /, body: Release) -> PresenceView:
        """Ends an agent's pauses, or one of them. A debt is not one: it is waived."""
        app, who = self.request.app, require(self.request, Verb.ORDER_AGENTS)
        await _within_reach(self.request, agent_id)
        key = (body.kind, body.ref) if body.kind else None
        ended = await app[GATE].breaks.lift(agent_id, key, supervisor=True)
        kinds = sorted({str(reason.kind) for reason in ended})
        await _audit(self.request, who, "force_resume", agent_id, reason=body.reason, kinds=kinds)
        return PresenceView(app[GATE].presence(agent_id))


class ForcedSignOutView(View):
    async def post(self, agent_id: UUID, /, body: Order) -> None:
        """Ends all sessions of an agent; he leaves his desk and his queues. What he owes he goes on owing."""
        app, who = self.request.app, require(self.request, Verb.ORDER_AGENTS)
        now = app[CLOCK].now()

        def end(session: Session) -> list[UUID]:
            colleague(session, who, agent_id)
            rosters.unbind(session, agent_id, now)
            audit.record(session, who, "force_sign_out", ("user", str(agent_id)), now, reason=body.reason)
            return sessions.revoke(session, agent_id, now)

        ended = await app[DB].write(end)
        await news.signed_off(app, agent_id, ended)
        await news.roster_changed(app)


class UnownedView(View):
    async def get(self) -> UnownedTalks:
        """Those of the last day, the newest first."""
        return UnownedTalks(items=[UnownedTalk(one) for one in self.request.app[GATE].unowned.now()])


class UnownedClaimView(View):
    async def post(self, segment_id: UUID, /) -> SegmentAnswer:
        """Says that the talk was one's own: from then on one owes its outcome. The first to claim it has it."""
        app, who = self.request.app, require(self.request, Verb.SETTLE)

        def read(session: Session) -> tuple[settle.Part, str]:
            part, desk = settle.unowned(session, segment_id), rosters.desk_of(session, who.id)
            return part, desk.number if desk and desk.pbx == part.call.pbx else ""

        part, extension = await app[DB].read(read)
        event = SegmentClaimed(
            call=part.call,
            at=app[CLOCK].now(),
            mono=app[CLOCK].monotonic(),
            segment=part.seq,
            agent=who.id,
            extension=extension,
        )
        await news.take(app, event)
        told = await app[DB].read(lambda s: call_views.segment(s, segment_id))
        if told.agent is None or told.agent.id != who.id:
            raise Refused("somebody else has claimed it", code="already_claimed")
        await _audit(self.request, who, "claim", segment_id, kind="segment")
        return told


class DismissView(View):
    async def post(self, segment_id: UUID, /, body: Order) -> SegmentAnswer:
        """Says that nobody need claim the talk."""
        app, who = self.request.app, require(self.request, Verb.WAIVE)
        part = await app[DB].read(lambda s: settle.unowned(s, segment_id))
        now, mono = app[CLOCK].now(), app[CLOCK].monotonic()
        event = OutcomeWaived(call=part.call, at=now, mono=mono, segment=part.seq, by=who.id, reason=body.reason)
        await news.take(app, event)
        await _audit(self.request, who, "waive", segment_id, kind="segment")
        return await app[DB].read(lambda s: call_views.segment(s, segment_id))


def colleague(session: Session, who: Actor, agent: UUID) -> User:
    """Somebody on the floor within the actor's reach. Raises NotFound."""
    found = session.scalars(narrow(select(User).where(User.id == agent), who, User)).first()
    if found is None:
        raise NotFound("there is no such person")
    return found


async def _within_reach(request: web.Request, agent: UUID) -> None:
    who = actor(request)
    await request.app[DB].read(lambda s: colleague(s, who, agent))


async def _audit(
    request: web.Request, who: Actor, verb: str, thing: UUID, *, kind: str = "user", **details: object
) -> None:
    now = request.app[CLOCK].now()
    await request.app[DB].write(lambda s: audit.record(s, who, verb, (kind, str(thing)), now, **details))


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/agents/{{agent_id}}/pause", ForcedPauseView)
    app.router.add_view(f"{ROOT}/agents/{{agent_id}}/resume", ForcedResumeView)
    app.router.add_view(f"{ROOT}/agents/{{agent_id}}/sign-out", ForcedSignOutView)
    app.router.add_view(f"{ROOT}/unowned", UnownedView)
    app.router.add_view(f"{ROOT}/unowned/{{segment_id}}/claim", UnownedClaimView)
    app.router.add_view(f"{ROOT}/unowned/{{segment_id}}/dismiss", DismissView)
