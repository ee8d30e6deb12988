"""The count of recordings against calls: its figures, what it found, when it is made, and one at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, Body, Limit, Line, View, cursor, etag, expect, read_cursor
from callcenter.crm import audit, tallies, tally_policy, zones
from callcenter.crm.access import actor, require
from callcenter.crm.api_calls import Before, Began
from callcenter.crm.models.tallies import FindingRow, TallyRow
from callcenter.crm.rights import Verb
from callcenter.crm.tallies import Filter
from callcenter.crm.tally_policy import TallyPolicy
from callcenter.recording.tally import Tally, explained

TALLY: web.AppKey[Tally] = web.AppKey("tally", Tally)
Kind = Literal["", "excused", "delayed", "lost", "unexplained", "stray"]


class TallyAnswer(Answer):
    """Of the answered calls that ended from ``from_at`` to ``to_at``: how many have their recording (``present``), have
    none because somebody decided so (``excused``), will have it once something is mended (``delayed``), will not have
    it (``lost``), or have none and nobody knows why. ``strays``: files without a call; ``linked``: files that
    were given to their call. ``explained``: the share of the calls that have a recording or a reason."""

    from_at: datetime
    to_at: datetime
    started_at: datetime
    finished_at: datetime | None
    night: bool
    answered: int
    present: int
    excused: int
    delayed: int
    lost: int
    unexplained: int
    strays: int
    linked: int
    explained: float


class HouseTally(Answer):
    """``hour`` is local to the call center, ``zone`` its zone ("" this machine's). ``last`` null: none was made yet."""

    hour: int
    zone: str
    next_at: datetime
    counting: bool
    last: TallyAnswer | None


class TallyBody(Body):
    hour: Annotated[int, Field(ge=0, le=23)]


class MissingAnswer(Answer):
    """A call without a recording (``call_id``), or a file without a call (``path``, the PBX's name of it; ``size`` in
    bytes). ``at``: when the call began, or the file was last written to."""

    id: UUID
    pbx: str
    call_id: UUID | None
    path: str
    queue: str
    reason: str
    fate: str
    at: datetime
    size: int


class MissingPage(Answer):
    items: list[MissingAnswer]
    next_cursor: str | None


class TallyView(View):
    async def get(self) -> HouseTally:
        """The figures of the last count, and when the next is made."""
        require(self.request, Verb.READ_REPORTS)
        return await _house(self)

    async def put(self, body: TallyBody) -> HouseTally:
        """Sets the hour. With ``If-Match`` only the version that was read."""
        who, app = require(self.request, Verb.EDIT_PRIVACY), self.request.app
        now = app[CLOCK].now()

        def write(session: Session) -> None:
            expect(self.request, tally_policy.version(session))
            tally_policy.write(session, TallyPolicy(hour=body.hour))
            audit.record(session, who, "edit", ("recording_tally", ""), now, hour=body.hour)

        await app[DB].write(write)
        return await _house(self)


class TallyRunView(View):
    async def post(self) -> web.Response:
        """Has the last day counted now. The figures are there when ``counting`` is over."""
        who, app = require(self.request, Verb.READ_REPORTS), self.request.app
        now = app[CLOCK].now()
        await app[DB].write(lambda s: audit.record(s, who, "run", ("recording_tally", ""), now))
        app[TALLY].ask(who.id)
        return web.Response(status=202)


class MissingView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        from_: Began = None,
        to_: Before = None,
        queue: Line = "",
        pbx: Line = "",
        fate: Kind = "",
        reason: Line = "",
        limit: Limit = 50,
        cursor: Line = "",
    ) -> MissingPage:
        """Answered calls without a recording and files without a call, the newest first."""
        require(self.request, Verb.READ_REPORTS)
        who, after = actor(self.request), read_cursor(cursor)
        wanted = Filter(began=from_, before=to_, queue=queue, pbx=pbx, fate=fate, reason=reason)
        rows = await self.request.app[DB].read(lambda s: tallies.page(s, wanted, who, limit, after))
        return _page(rows, limit)


def _page(rows: list[FindingRow], limit: int) -> MissingPage:
    shown = rows[:limit]
    go_on = cursor(shown[-1].at, shown[-1].id) if len(rows) > limit else None
    return MissingPage(items=[_finding(row) for row in shown], next_cursor=go_on)


def _finding(row: FindingRow) -> MissingAnswer:
    names = ("id", "pbx", "call_id", "queue", "reason", "fate", "at", "size")
    told = {name: getattr(row, name) for name in names}
    return MissingAnswer(**told, path="" if row.call_id else row.thing)


async def _house(view: View) -> HouseTally:
    app = view.request.app
    now = app[CLOCK].now()

    def read(session: Session) -> tuple[TallyPolicy, int, str, datetime, TallyRow | None]:
        policy, zone = tally_policy.read(session), zones.read(session)
        told = str(zone) if zone else ""
        return policy, tally_policy.version(session), told, policy.next_at(now, zone), tallies.last(session, whole=True)

    policy, version, zone, next_at, row = await app[DB].read(read)
    view.answer_header("ETag", etag(version))
    last = TallyAnswer.model_validate({**_columns(row), "explained": explained(row)}) if row else None
    return HouseTally(hour=policy.hour, zone=zone, next_at=next_at, counting=app[TALLY].counting, last=last)


def _columns(row: TallyRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in TallyAnswer.model_fields if name != "explained"}


def provide(app: web.Application, tally: Tally) -> None:
    """Hands it to the routes."""
    app[TALLY] = tally


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/tally", TallyView)
    app.router.add_view(f"{ROOT}/tally/run", TallyRunView)
    app.router.add_view(f"{ROOT}/tally/findings", MissingView)
