"""The rules by which the floor raises alarms, the alarms there were, and who has seen them."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Limit, Line, View, etag, expect, read_cursor
from callcenter.api import cursor as page_after
from callcenter.crm import alarm_log, alarm_rules, audit
from callcenter.crm.access import require
from callcenter.crm.alarm_log import Past, Wanted
from callcenter.crm.alarm_rules import AlarmPolicy
from callcenter.crm.exchange.export import csv_lines, in_language
from callcenter.crm.rights import Verb
from callcenter.crm.schemas import Person
from callcenter.errors import Invalid
from callcenter.news import AlarmRulesChanged
from callcenter.supervision.alarms import AlarmKind
from callcenter.supervision.api_displays import WATCH

_EXPORTED_AT_MOST: Final = 50_000
_COLUMNS: Final = (
    ("From", "С", "Dal", "Başlanğıc"),
    ("To", "По", "Al", "Son"),
    ("Seconds", "Секунды", "Secondi", "Saniyə"),
    ("Alarm", "Тревога", "Allarme", "Həyəcan"),
    ("PBX", "АТС", "PBX", "ATS"),
    ("About", "О чём", "Riguarda", "Nə barədə"),
    ("Worst", "Худшее значение", "Valore peggiore", "Ən pis qiymət"),
    ("Limit", "Порог", "Soglia", "Hədd"),
    ("Acknowledged", "Принято", "Preso in carico", "Qəbul edilib"),
    ("By", "Кем", "Da", "Kim"),
)


class AlarmAnswer(Answer):
    """``thing``: the queue or the PBX, by ``label`` where people call it otherwise; else it is about ``agent``.
    ``limit`` and ``worst`` (how far it went) in seconds, heads, or from 0 to 1; ``ended_at`` null: it goes on."""

    id: UUID
    kind: AlarmKind
    pbx: str
    thing: str
    label: str
    agent: Person | None
    limit: float
    worst: float
    raised_at: datetime
    ended_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: Person | None


class Alarms(Answer):
    items: list[AlarmAnswer]
    next_cursor: str | None


class AlarmsView(View):
    async def get(  # noqa: PLR0913 - one name a parameter of the query
        self,
        kind: AlarmKind | None = None,
        pbx: Line = "",
        queue: Line = "",
        since: AwareDatetime | None = None,
        before: AwareDatetime | None = None,
        open: bool | None = None,
        limit: Limit = 50,
        cursor: Line = "",
    ) -> Alarms:
        """Alarms, the newest first: of queues and links all, of agents those whom one supervises."""
        who, after = require(self.request, Verb.SEE_FLOOR), read_cursor(cursor)
        wanted = Wanted(kind=kind or "", pbx=pbx, queue=queue, since=since, before=before, open=open)

        def read(session: Session) -> Alarms:
            found = alarm_log.listed(session, who, wanted, limit + 1, after)
            more = len(found) > limit and found[limit - 1].row
            return Alarms(
                items=[_told(one) for one in found[:limit]],
                next_cursor=page_after(more.raised_at, more.id) if more else None,
            )

        return await self.request.app[DB].read(read)


class AcknowledgedView(View):
    async def post(self, alarm_id: UUID, /) -> None:
        """Says that one has seen it: everybody on the floor reads who. The first one counts."""
        await self.request.app[WATCH].acknowledge(require(self.request, Verb.SEE_FLOOR), alarm_id)


async def export(request: web.Request) -> web.StreamResponse:
    """``GET /alarms/export``: what the same filters show, as CSV in the reader's language. It is a line of the audit
    trail."""
    who, db, now = require(request, Verb.SEE_FLOOR), request.app[DB], request.app[CLOCK].now()
    wanted = _asked(request)
    found = await db.read(lambda s: alarm_log.listed(s, who, wanted, _EXPORTED_AT_MOST, None))
    await db.write(lambda s: audit.record(s, who, "export", ("alarm", ""), now, rows=len(found)))
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="alarms-{now:%Y-%m-%d}.csv"',
    }
    lines = [in_language(who.language, _COLUMNS), *(_cells(one) for one in found)]
    return web.Response(body=b"\xef\xbb\xbf" + csv_lines(lines), headers=headers)


def _asked(request: web.Request) -> Wanted:
    query, moments = request.query, {}
    for name in ("since", "before"):
        try:
            told = query.get(name, "")
            moments[name] = datetime.fromisoformat(told).astimezone() if told else None
        except ValueError:
            raise Invalid("some fields are not acceptable", fields={name: "invalid"}) from None
    going = {"true": True, "false": False}.get(query.get("open", ""))
    of = {name: query.get(name, "") for name in ("kind", "pbx", "queue")}
    return Wanted(**of, since=moments["since"], before=moments["before"], open=going)


def _cells(one: Past) -> list[str]:
    row = one.row
    name = one.agent.display_name if one.agent else row.label or row.thing
    ended = row.ended_at
    lasted = f"{(ended - row.raised_at).total_seconds():.0f}" if ended else ""
    seen = row.acknowledged_at.isoformat(timespec="seconds") if row.acknowledged_at else ""
    told = (row.raised_at.isoformat(timespec="seconds"), ended.isoformat(timespec="seconds") if ended else "", lasted)
    return [
        *told,
        row.kind,
        row.pbx,
        name,
        f"{row.worst:g}",
        f"{row.limit:g}",
        seen,
        one.by.display_name if one.by else "",
    ]


def _told(one: Past) -> AlarmAnswer:
    row = one.row
    return AlarmAnswer(
        id=row.id,
        kind=AlarmKind(row.kind),
        pbx=row.pbx,
        thing=row.thing,
        label=row.label,
        agent=Person.model_validate(one.agent) if one.agent else None,
        limit=row.limit,
        worst=row.worst,
        raised_at=row.raised_at,
        ended_at=row.ended_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=Person.model_validate(one.by) if one.by else None,
    )


class AlarmRules(Body, AlarmPolicy):
    """When an alarm is raised."""


class AlarmRulesView(View):
    async def get(self) -> AlarmPolicy:
        """The rules now."""
        require(self.request, Verb.SEE_FLOOR)
        return self._told(await self.request.app[DB].read(lambda s: (alarm_rules.read(s), alarm_rules.version(s))))

    async def put(self, body: AlarmRules) -> AlarmPolicy:
        """Changes them; they hold from the next look on, a second later."""
        app, who, now = self.request.app, require(self.request, Verb.EDIT_PRESENCE), self.request.app[CLOCK].now()

        def change(session: Session) -> tuple[AlarmPolicy, int]:
            expect(self.request, alarm_rules.version(session))
            alarm_rules.write(session, body)
            told = body.model_dump(mode="json")
            audit.record(session, who, "change", ("policy", alarm_rules.KEY), now, **told)
            return alarm_rules.read(session), alarm_rules.version(session)

        changed = await app[DB].write(change)
        await app[BUS].publish(AlarmRulesChanged())
        return self._told(changed)

    def _told(self, found: tuple[AlarmPolicy, int]) -> AlarmPolicy:
        self.answer_header("ETag", etag(found[1]))
        return found[0]


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/alarm-rules", AlarmRulesView)
    app.router.add_view(f"{ROOT}/alarms", AlarmsView)
    app.router.add_get(f"{ROOT}/alarms/export", export)
    app.router.add_view(f"{ROOT}/alarms/{{alarm_id}}/acknowledge", AcknowledgedView)
