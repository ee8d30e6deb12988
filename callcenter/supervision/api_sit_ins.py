"""Sitting in on talks: begin, change how, end; who sat in on a call; and the rules about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, Body, View, creates, etag, expect
from callcenter.call import Call, Segment
from callcenter.crm import audit, dialling, once, rosters, visible
from callcenter.crm import sit_ins as rows
from callcenter.crm.access import actor, require
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.floor import SitInRow
from callcenter.crm.models.people import User
from callcenter.crm.rights import Actor, Verb, allow
from callcenter.crm.schemas import Person
from callcenter.crm.sit_ins import SitInPolicy
from callcenter.errors import NotFound, Refused
from callcenter.events import CallKey
from callcenter.roster import Device
from callcenter.routing.keys import GATE
from callcenter.supervision.sit_ins import Manner, SitIn, SitInReason, SitInState, part
from callcenter.supervision.sitting import Sitting

SITTING: web.AppKey[Sitting] = web.AppKey("sitting", Sitting)


class SitInMode(Body):
    """``listen``: nobody hears him; ``whisper``: the agent does; ``barge``: the customer does too."""

    mode: Manner


class SitInAnswer(Answer):
    """``reason``: why it came to nothing or ended by itself."""

    id: UUID
    segment_id: UUID
    call_id: UUID
    agent_id: UUID
    mode: Manner
    state: SitInState
    reason: SitInReason | None
    asked_at: datetime
    began_at: datetime | None


class MySitIn(Answer):
    """What one sits in on now, null: nothing."""

    sit_in: SitInAnswer | None


class TurnAnswer(Answer):
    mode: Manner
    at: datetime


class PastSitIn(Answer):
    """``told``: the agent was shown it while he was only listened to. ``ended_at`` null: it goes on."""

    by: Person
    segment_id: UUID
    turns: list[TurnAnswer]
    told: bool
    began_at: datetime
    ended_at: datetime | None


class PastSitIns(Answer):
    items: list[PastSitIn]


class SitInRules(Body, SitInPolicy):
    """The rules about sitting in."""


class BeginView(View):
    @creates
    async def post(self, segment_id: UUID, /, body: SitInMode) -> SitInAnswer:
        """Rings one's own phone; who picks it up is in on the talk. At most once for each Idempotency-Key."""
        app, who = self.request.app, require(self.request, Verb.SIT_IN)
        await app[DB].read(lambda s: _within_reach(s, who, segment_id))
        call, talk = _going_on(app, segment_id)
        if talk.agent == who.id:
            raise Refused("it is your own talk", code="own_talk")
        app[SITTING].may(who.id)
        now = app[CLOCK].now()
        made, fresh = await once.create(self.request, "sit_in", _writing(who, (call, talk), body.mode, now))
        sit, ring_s = await app[DB].read(lambda s: _read(s, made, talk))
        if fresh:
            await app[SITTING].begin(sit, ring_s, talk.extension)
        return answer(app[SITTING].of(who.id) or sit)


class MySitInView(View):
    async def get(self) -> MySitIn:
        """What one sits in on: after a reload the screen goes on where it was."""
        found = self.request.app[SITTING].of(actor(self.request).id)
        return MySitIn(sit_in=answer(found) if found else None)

    async def patch(self, body: SitInMode) -> SitInAnswer:
        """Listens, whispers or barges in from now on."""
        app, who = self.request.app, require(self.request, Verb.SIT_IN)
        now, sit = app[CLOCK].now(), await app[SITTING].turn(who.id, body.mode)
        named = {"mode": body.mode.value, "agent": str(sit.agent)}
        await app[DB].write(lambda s: audit.record(s, who, "sit_in", ("call", str(sit.call_id)), now, **named))
        return answer(sit)

    async def delete(self) -> None:
        """Leaves the talk."""
        await self.request.app[SITTING].end(require(self.request, Verb.SIT_IN).id)


class OfCallView(View):
    async def get(self, call_id: UUID, /) -> PastSitIns:
        """Who sat in on the call; an agent sees what he was shown then."""
        who = require(self.request, Verb.READ_CALLS)

        def read(session: Session) -> PastSitIns:
            if not session.scalars(visible.narrow(select(CallRow).where(CallRow.id == call_id), who, CallRow)).first():
                raise NotFound("there is no such call")
            found = rows.of_call(session, call_id, untold=allow(who, Verb.SIT_IN))
            return PastSitIns(items=[_past(session, row) for row in found])

        return await self.request.app[DB].read(read)


class SitInRulesView(View):
    async def get(self) -> SitInPolicy:
        """The rules now."""
        require(self.request, Verb.SIT_IN)
        return self._told(await self.request.app[DB].read(lambda s: (rows.read(s), rows.version(s))))

    async def put(self, body: SitInRules) -> SitInPolicy:
        """Changes them, from the next time on."""
        app, who, now = self.request.app, require(self.request, Verb.EDIT_PRIVACY), self.request.app[CLOCK].now()

        def change(session: Session) -> tuple[SitInPolicy, int]:
            expect(self.request, rows.version(session))
            rows.write(session, body)
            audit.record(session, who, "change", ("policy", rows.KEY), now, **body.model_dump(mode="json"))
            return rows.read(session), rows.version(session)

        return self._told(await app[DB].write(change))

    def _told(self, found: tuple[SitInPolicy, int]) -> SitInPolicy:
        self.answer_header("ETag", etag(found[1]))
        return found[0]


def answer(sit: SitIn) -> SitInAnswer:
    return SitInAnswer(
        id=sit.id,
        segment_id=sit.segment,
        call_id=sit.call_id,
        agent_id=sit.agent,
        mode=sit.mode,
        state=sit.state,
        reason=sit.reason,
        asked_at=sit.asked_at,
        began_at=sit.began_at,
    )


def provide(app: web.Application, sitting: Sitting) -> None:
    """Hands the routes whom they work with."""
    app[SITTING] = sitting


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/segments/{{segment_id}}/sit-in", BeginView)
    app.router.add_view(f"{ROOT}/me/sit-in", MySitInView)
    app.router.add_view(f"{ROOT}/calls/{{call_id}}/sit-ins", OfCallView)
    app.router.add_view(f"{ROOT}/sit-ins/rules", SitInRulesView)


def _within_reach(session: Session, who: Actor, segment: UUID) -> None:
    """Raises NotFound for the talk of somebody who is not the actor's to supervise, as if there were none."""
    row = session.get(SegmentRow, segment)
    if row is None or row.agent_id is None or not allow(who, Verb.SIT_IN, visible.part(session, row.agent_id)):
        raise NotFound("there is no such talk")


def _going_on(app: web.Application, segment: UUID) -> tuple[Call, Segment]:
    """Raises Refused where nobody talks any more."""
    for call in app[GATE].live().values():
        if talk := part(call, segment):
            return call, talk
    raise Refused("the talk is over", code="talk_over")


def _writing(who: Actor, of: tuple[Call, Segment], mode: Manner, now: datetime) -> Callable[[Session], UUID]:
    call, talk = of

    def write(session: Session) -> UUID:
        desk, rules = dialling.desk(session, who.id), rows.read(session)
        if desk.pbx != call.key.pbx:
            raise Refused("your phone is on another PBX than this talk", code="other_pbx")
        if call.declined_at is not None and not rules.after_decline:
            raise Refused("the customer did not want to be recorded", code="customer_declined")
        row = SitInRow(
            by_id=who.id,
            agent_id=talk.agent,
            call_id=call.id,
            segment_id=talk.id,
            pbx=desk.pbx,
            device=dialling.phones(desk)[0],
            modes=[[mode.value, now.isoformat()]],
            told=rules.tell_agent,
            asked_at=now,
        )
        session.add(row)
        session.flush()
        named = {"mode": mode.value, "agent": str(talk.agent), "told": rules.tell_agent}
        audit.record(session, who, "sit_in", ("call", str(call.id)), now, **named)
        return row.id

    return write


def _read(session: Session, made: UUID, talk: Segment) -> tuple[SitIn, int]:
    row = session.get_one(SitInRow, made)
    call, desk = session.get_one(CallRow, row.call_id), rosters.desk_of(session, row.by_id)
    sit = SitIn(
        id=row.id,
        by=row.by_id,
        agent=row.agent_id,
        call=CallKey(pbx=call.pbx, uniqueid=call.uniqueid),
        call_id=row.call_id,
        segment=row.segment_id,
        leg=talk.leg,
        device=Device(pbx=row.pbx, name=row.device),
        phones=dialling.phones(desk) if desk and desk.pbx == row.pbx else (),
        told=row.told,
        mode=Manner(row.modes[0][0]),
        asked_at=row.asked_at,
    )
    return sit, dialling.read(session).of(row.pbx).ring_s


def _past(session: Session, row: SitInRow) -> PastSitIn:
    assert row.began_at is not None
    return PastSitIn(
        by=Person.model_validate(session.get_one(User, row.by_id)),
        segment_id=row.segment_id,
        turns=[TurnAnswer(mode=Manner(mode), at=datetime.fromisoformat(at)) for mode, at in row.modes],
        told=row.told,
        began_at=row.began_at,
        ended_at=row.ended_at,
    )
