"""The rules about what is owed for short talks."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, View, etag, expect
from callcenter.crm import audit, short_calls
from callcenter.crm.access import require
from callcenter.crm.rights import Verb
from callcenter.crm.short_calls import ShortCallPolicy
from callcenter.news import ShortCallsChanged


class ShortCallsView(View):
    async def get(self) -> ShortCallPolicy:
        """The rules now."""
        require(self.request, Verb.SEE_FLOOR)
        return self._told(await self.request.app[DB].read(lambda s: (short_calls.read(s), short_calls.version(s))))

    async def put(self, body: ShortCallPolicy) -> ShortCallPolicy:
        """Changes them; they hold at once, for every talk that is not over."""
        app, who, now = self.request.app, require(self.request, Verb.EDIT_OUTCOMES), self.request.app[CLOCK].now()

        def change(session: Session) -> tuple[ShortCallPolicy, int]:
            expect(self.request, short_calls.version(session))
            short_calls.write(session, body)
            told = body.model_dump(mode="json")
            audit.record(session, who, "change", ("policy", short_calls.KEY), now, **told)
            return body, short_calls.version(session)

        changed = await app[DB].write(change)
        await app[BUS].publish(ShortCallsChanged())
        return self._told(changed)

    def _told(self, found: tuple[ShortCallPolicy, int]) -> ShortCallPolicy:
        self.answer_header("ETag", etag(found[1]))
        return found[0]


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/short-calls", ShortCallsView)
