"""Click-to-call: ``POST /calls``, how one's last click stands, and the rules by which calls go out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.api import BUS, CLOCK, DB, ROOT, SETTINGS, Answer, Body, Line, View, creates
from callcenter.crm import audit, dialling, once, rosters
from callcenter.crm.access import actor, require
from callcenter.crm.dialling import Dialling, DiallingPolicy, Wanted
from callcenter.crm.models.tasks import DialRow
from callcenter.crm.rights import Actor, Verb
from callcenter.news import TasksChanged
from callcenter.roster import Device
from callcenter.routing.dialler import Dialler
from callcenter.routing.dials import Dial, DialReason, DialState

DIALLER: web.AppKey[Dialler] = web.AppKey("dialler", Dialler)
WRITTEN: web.AppKey[Callable[[str, str, str], str]] = web.AppKey("written")
"""PBX, trunk and number to the number as that trunk wants it."""


class NewCall(Body):
    """Whom to call: ``number``, else the task's, else the first one on the card. A task is taken thereby.
    ``all_the_same``: though the customer is not to be called (409 ``do_not_call``), for whoever may."""

    number: Line = ""
    task_id: UUID | None = None
    customer_id: UUID | None = None
    all_the_same: bool = False


class DialAnswer(Answer):
    """A click-to-call. ``reason``: why it came to no talk."""

    id: UUID
    state: DialState
    reason: DialReason | None
    number: str
    number_display: str
    customer_id: UUID | None
    task_id: UUID | None
    asked_at: datetime


class MyDial(Answer):
    """One's last click, null where there is none."""

    dial: DialAnswer | None


class DiallingBody(Body, DiallingPolicy):
    """The rules by which calls go out, by PBX."""


class ClickView(View):
    @creates
    async def post(self, body: NewCall) -> DialAnswer:
        """Rings your own phone, then the customer. At most once for each Idempotency-Key."""
        app, who = self.request.app, require(self.request, Verb.CALL_OUT)
        dialler, now = app[DIALLER], app[CLOCK].now()
        if body.all_the_same:
            require(self.request, Verb.CALL_ALL_THE_SAME)
        wanted = Wanted(
            number=body.number,
            task=body.task_id,
            customer=body.customer_id,
            all_the_same=body.all_the_same,
        )
        with dialler.click(who.id):
            made, fresh = await once.create(self.request, "dial", _writing(self.request, who, wanted, now))
            dial, rules = await app[DB].read(lambda s: _read(s, made))
            if fresh:
                number = app[WRITTEN](dial.device.pbx, rules.trunk, dial.number)
                if dial.task:
                    await app[BUS].publish(TasksChanged(tasks=(dial.task,)))
                await dialler.dial(dial, rules, number)
        return answer(dialler.of(who.id) or dial)


class MyDialView(View):
    async def get(self) -> MyDial:
        """How one's last click stands: after a reload the screen goes on where it was."""
        found = self.request.app[DIALLER].of(actor(self.request).id)
        return MyDial(dial=answer(found) if found else None)


class DiallingView(View):
    async def get(self) -> DiallingPolicy:
        """The rules by which calls go out."""
        require(self.request, Verb.EDIT_PBX)
        return await self.request.app[DB].read(dialling.read)

    async def put(self, body: DiallingBody) -> DiallingPolicy:
        """Changes them, from the next call on."""
        app, who, now = self.request.app, require(self.request, Verb.EDIT_PBX), self.request.app[CLOCK].now()

        def change(session: Session) -> DiallingPolicy:
            dialling.write(session, body)
            audit.record(session, who, "change", ("policy", dialling.KEY), now, pbx=sorted(body.pbx))
            return dialling.read(session)

        return await app[DB].write(change)


def answer(dial: Dial) -> DialAnswer:
    return DialAnswer(
        id=dial.id,
        state=dial.state,
        reason=dial.reason,
        number=dial.number,
        number_display=phone.parse(dial.number, "ZZ").grouped,
        customer_id=dial.customer,
        task_id=dial.task,
        asked_at=dial.asked_at,
    )


def provide(app: web.Application, dialler: Dialler, written: Callable[[str, str, str], str]) -> None:
    """Hands the routes whom they work with."""
    app[DIALLER], app[WRITTEN] = dialler, written


def add_routes(app: web.Application) -> None:
    """Before those of the record, whose ``/calls`` answers to every method."""
    app.router.add_route("POST", f"{ROOT}/calls", ClickView)
    app.router.add_view(f"{ROOT}/me/dial", MyDialView)
    app.router.add_view(f"{ROOT}/dialling", DiallingView)


def _writing(request: web.Request, who: Actor, wanted: Wanted, now: datetime) -> Callable[[Session], UUID]:
    region = request.app[SETTINGS].region

    def write(session: Session) -> UUID:
        desk = dialling.desk(session, who.id)
        target = dialling.target(session, wanted, who, now, (desk.pbx, region))
        row = DialRow(
            agent_id=who.id,
            pbx=desk.pbx,
            device=dialling.phones(desk)[0],
            number=target.number,
            customer_id=target.customer,
            task_id=target.task,
            state=DialState.ASKED,
            asked_at=now,
        )
        session.add(row)
        session.flush()
        more = {"all_the_same": True} if wanted.all_the_same else {}
        audit.record(session, who, "dial", ("dial", str(row.id)), now, task=str(target.task or ""), **more)
        return row.id

    return write


def _read(session: Session, made: UUID) -> tuple[Dial, Dialling]:
    row = session.get_one(DialRow, made)
    desk = rosters.desk_of(session, row.agent_id)
    dial = Dial(
        id=row.id,
        agent=row.agent_id,
        device=Device(pbx=row.pbx, name=row.device),
        number=row.number,
        customer=row.customer_id,
        task=row.task_id,
        asked_at=row.asked_at,
        state=DialState(row.state),
        reason=DialReason(row.reason) if row.reason else None,
        phones=dialling.phones(desk) if desk and desk.pbx == row.pbx else (),
    )
    return dial, dialling.read(session).of(row.pbx)
