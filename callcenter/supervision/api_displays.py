"""Wallboards without a session: supervisors make and revoke tokens, and each display shows itself by its own.

What a display is shown names nobody: figures of queues, and the alarms of queues and links.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from aiohttp import web
from pydantic import Field, RootModel, StringConstraints
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, Body, Line, View, creates
from callcenter.crm import audit, displays, once
from callcenter.crm.access import require
from callcenter.crm.models.floor import DisplayRow
from callcenter.crm.models.people import User
from callcenter.crm.rights import Verb
from callcenter.crm.schemas import Person
from callcenter.crm.sessions import Throttled
from callcenter.errors import SignedOut
from callcenter.routing.keys import GATE
from callcenter.routing.queues import QueueNow
from callcenter.supervision.alarm_watch import AlarmWatch
from callcenter.supervision.alarms import Alarm, AlarmKind
from callcenter.supervision.throttle import Throttle

WATCH: web.AppKey[AlarmWatch] = web.AppKey("alarm_watch", AlarmWatch)
OFTEN: web.AppKey[Throttle] = web.AppKey("displays_often", Throttle)
GUESSES: web.AppKey[Throttle] = web.AppKey("display_guesses", Throttle)
PATH: Final = f"{ROOT}/display"
_LOOKS: Final = (30, 10.0)
_GUESSED: Final = (20, 60.0)


class DisplayQueue(Body):
    pbx: Annotated[Line, StringConstraints(min_length=1)]
    queue: Annotated[Line, StringConstraints(min_length=1)]


class NewDisplay(Body):
    """``queues``: which ones it may show, none: all. ``name``: where it hangs."""

    name: Annotated[Line, StringConstraints(min_length=1)]
    queues: list[DisplayQueue] = Field(default_factory=list, max_length=100)


class DisplayAnswer(Answer):
    """``token`` is told once, to who made it. ``used_from``: the address it last showed itself at."""

    id: UUID
    name: str
    queues: list[DisplayQueue]
    made_at: datetime
    by: Person
    used_at: datetime | None
    used_from: str
    revoked_at: datetime | None
    token: str = ""


class Displays(Answer):
    items: list[DisplayAnswer]


class WallQueue(RootModel[QueueNow]):
    """A queue now, and its day."""


class WallAlarm(Answer):
    """Of a queue, or of a PBX that is not heard."""

    kind: AlarmKind
    pbx: str
    thing: str
    name: str
    value: float
    limit: float
    since: datetime | None
    raised_at: datetime


class WallAnswer(Answer):
    """``now``: the clock of the service, against which moments are read."""

    name: str
    now: datetime
    queues: list[WallQueue]
    alarms: list[WallAlarm]


class DisplaysView(View):
    async def get(self) -> Displays:
        """All that there are, also revoked ones."""
        require(self.request, Verb.SEE_FLOOR)
        rows = await self.request.app[DB].read(displays.every)
        return Displays(items=[_told(row, by) for row, by in rows])

    @creates
    async def post(self, body: NewDisplay) -> DisplayAnswer:
        """Makes one. At most once for each Idempotency-Key; only the first answer tells the token."""
        app, who, now = self.request.app, require(self.request, Verb.SEE_FLOOR), self.request.app[CLOCK].now()
        token = displays.new()

        def make(session: Session) -> UUID:
            pairs = [[one.pbx, one.queue] for one in body.queues]
            made = displays.make(session, DisplayRow(name=body.name, queues=pairs, made_at=now, by_id=who.id), token)
            audit.record(session, who, "create", ("display", str(made)), now, name=body.name)
            return made

        made, fresh = await once.create(self.request, "display", make)
        row, by = next(one for one in await app[DB].read(displays.every) if one[0].id == made)
        return _told(row, by).model_copy(update={"token": token if fresh else ""})


class DisplayView(View):
    async def delete(self, display_id: UUID, /) -> None:
        """Revokes it: within a second it shows nothing any more."""
        who, now = require(self.request, Verb.SEE_FLOOR), self.request.app[CLOCK].now()

        def write(session: Session) -> None:
            displays.revoke(session, display_id, now)
            audit.record(session, who, "revoke", ("display", str(display_id)), now)

        await self.request.app[DB].write(write)


class WallView(View):
    async def get(self) -> WallAnswer:
        """What a display shows, by its own bearer token; asked about once a second."""
        app, now, mono = self.request.app, self.request.app[CLOCK].now(), self.request.app[CLOCK].monotonic()
        address = self.request.remote or ""
        token = self.request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if app[GUESSES].spent(address, mono):
            raise Throttled("too many tokens that open nothing; wait a minute")
        row = await app[DB].read(lambda s: displays.opened(s, token))
        if row is None:
            app[GUESSES].over(address, mono)
            raise SignedOut("this token opens no display", code="display_revoked")
        if app[OFTEN].over(str(row.id), mono):
            raise Throttled("a display asks once a second")
        if displays.stale(row, address, now):
            await app[DB].write(lambda s: displays.seen(s, row.id, address, now))
        lines = app[GATE].overview()
        shown = [line for line in lines if not row.queues or [line.pbx, line.queue] in row.queues]
        alarms = [_alarm(one) for one in app[WATCH].alarms if _concerns(one, shown)]
        return WallAnswer(name=row.name, now=now, queues=[WallQueue(line) for line in shown], alarms=alarms)


def provide(app: web.Application, watch: AlarmWatch) -> None:
    """Hands the routes whom they work with."""
    app[WATCH] = watch
    app[OFTEN], app[GUESSES] = Throttle(*_LOOKS), Throttle(*_GUESSED)


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/displays", DisplaysView)
    app.router.add_view(f"{ROOT}/displays/{{display_id}}", DisplayView)
    app.router.add_view(PATH, WallView)


def _concerns(alarm: Alarm, shown: list[QueueNow]) -> bool:
    """Never an agent's: a wall names nobody."""
    if alarm.kind is AlarmKind.WRAPUP:
        return False
    if alarm.kind is AlarmKind.LINK:
        return True
    return any((line.pbx, line.queue) == (alarm.pbx, alarm.thing) for line in shown)


def _alarm(one: Alarm) -> WallAlarm:
    return WallAlarm(
        kind=one.kind,
        pbx=one.pbx,
        thing=one.thing,
        name=one.label or one.thing,
        value=one.value,
        limit=one.limit,
        since=one.since,
        raised_at=one.raised_at,
    )


def _told(row: DisplayRow, by: User) -> DisplayAnswer:
    return DisplayAnswer(
        id=row.id,
        name=row.name,
        queues=[DisplayQueue(pbx=pbx, queue=queue) for pbx, queue in row.queues],
        made_at=row.made_at,
        by=Person.model_validate(by),
        used_at=row.used_at,
        used_from=row.used_from,
        revoked_at=row.revoked_at,
    )
