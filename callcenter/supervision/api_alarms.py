"""The rules by which the floor raises alarms."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Body, View, etag, expect
from callcenter.crm import alarm_rules, audit
from callcenter.crm.access import require
from callcenter.crm.alarm_rules import AlarmPolicy
from callcenter.crm.rights import Verb
from callcenter.news import AlarmRulesChanged


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
