"""What of agents' work is for review: listed, judged, taken away as a sheet; and the rules by which it is found."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field
from sqlalchemy.orm import Session

from callcenter.api import (
    BUS,
    CLOCK,
    DB,
    ROOT,
    Answer,
    Body,
    Limit,
    Line,
    Prose,
    View,
    cursor,
    etag,
    expect,
    read_cursor,
)
from callcenter.crm import audit, review_rules
from callcenter.crm.access import require
from callcenter.crm.exchange import sheet
from callcenter.crm.review_rules import ReviewPolicy
from callcenter.crm.rights import Verb
from callcenter.news import ReviewRulesChanged
from callcenter.reviewing import sheets, views
from callcenter.reviewing.suspicion import SuspicionKind
from callcenter.reviewing.views import Asked, State, SuspicionAnswer, SuspicionLines

From = Annotated[AwareDatetime | None, Field(alias="from")]
To = Annotated[AwareDatetime | None, Field(alias="to")]
_SHEET: Final = 10_000


class ReviewRules(Body, ReviewPolicy):
    """Which figures are to be looked at."""


class Judged(Body):
    """``justified``: there was a reason for it, which ``comment`` names; ``new``: somebody is to look again."""

    state: State
    comment: Prose = ""


class NewCount(Answer):
    count: int


class SuspicionsView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        state: State | None = None,
        kind: SuspicionKind | None = None,
        agent: UUID | None = None,
        from_: From = None,
        to_: To = None,
        limit: Limit = 50,
        cursor_: Annotated[Line, Field(alias="cursor")] = "",
    ) -> SuspicionLines:
        """What stands out, the newest first."""
        who, after = require(self.request, Verb.REVIEW), read_cursor(cursor_)
        asked = Asked(state=state or "", kind=kind or "", agent=agent, start=from_, end=to_)
        lines = await self.request.app[DB].read(lambda s: views.page(s, who, asked, limit, after))
        items = lines[:limit]
        more = cursor(items[-1].last_at, items[-1].id) if len(lines) > limit else None
        return SuspicionLines(items=items, next_cursor=more)


class NewSuspicionsView(View):
    async def get(self) -> NewCount:
        """How many nobody has looked at."""
        who = require(self.request, Verb.REVIEW)
        return NewCount(count=await self.request.app[DB].read(lambda s: views.count(s, who)))


class SuspicionView(View):
    async def get(self, suspicion_id: UUID, /) -> SuspicionAnswer:
        """One, with its calls."""
        who = require(self.request, Verb.REVIEW)
        found = await self.request.app[DB].read(lambda s: views.one(s, suspicion_id, who))
        self.answer_header("ETag", etag(found.version))
        return found

    async def put(self, suspicion_id: UUID, /, body: Judged) -> SuspicionAnswer:
        """Says what came of looking at it. Its calls count under this rule no more, unless it is new again."""
        app, who, now = self.request.app, require(self.request, Verb.REVIEW), self.request.app[CLOCK].now()

        def judge(session: Session) -> SuspicionAnswer:
            row = views.row(session, suspicion_id, who)
            expect(self.request, row.version)
            open_again = body.state == "new"
            row.state, row.comment, row.version = body.state, body.comment.strip(), row.version + 1
            row.by_id, row.at = (None, None) if open_again else (who.id, now)
            session.flush()
            told = {"kind": row.kind, "agent": str(row.agent_id), "state": body.state}
            audit.record(session, who, "review", ("suspicion", str(suspicion_id)), now, **told)
            return views.one(session, suspicion_id, who)

        found = await app[DB].write(judge)
        self.answer_header("ETag", etag(found.version))
        return found


class SuspicionExportView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        state: State | None = None,
        kind: SuspicionKind | None = None,
        agent: UUID | None = None,
        from_: From = None,
        to_: To = None,
        format: Literal["csv", "xlsx"] = "csv",
    ) -> web.StreamResponse:
        """The list as a sheet, in the reader's language."""
        who, app = require(self.request, Verb.REVIEW), self.request.app
        require(self.request, Verb.EXPORT)
        now = app[CLOCK].now()
        asked = Asked(state=state or "", kind=kind or "", agent=agent, start=from_, end=to_)
        lines = await app[DB].read(lambda s: views.page(s, who, asked, _SHEET, None))
        await app[DB].write(lambda s: audit.record(s, who, "export", ("suspicions", ""), now, format=format))
        return await sheet.answer(sheets.of_lines(lines[:_SHEET], who.language), format, f"review-{now:%Y-%m-%d}")


class ReviewRulesView(View):
    async def get(self) -> ReviewPolicy:
        """The rules now."""
        require(self.request, Verb.REVIEW)
        return self._told(await self.request.app[DB].read(lambda s: (review_rules.read(s), review_rules.version(s))))

    async def put(self, body: ReviewRules) -> ReviewPolicy:
        """Changes them; all that nobody has looked at is judged by them anew, at once."""
        app, who, now = self.request.app, require(self.request, Verb.EDIT_OUTCOMES), self.request.app[CLOCK].now()

        def change(session: Session) -> tuple[ReviewPolicy, int]:
            expect(self.request, review_rules.version(session))
            review_rules.write(session, body)
            told = body.model_dump(mode="json")
            audit.record(session, who, "change", ("policy", review_rules.KEY), now, **told)
            return review_rules.read(session), review_rules.version(session)

        changed = await app[DB].write(change)
        await app[BUS].publish(ReviewRulesChanged())
        return self._told(changed)

    def _told(self, found: tuple[ReviewPolicy, int]) -> ReviewPolicy:
        self.answer_header("ETag", etag(found[1]))
        return found[0]


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/suspicions", SuspicionsView)
    app.router.add_view(f"{ROOT}/suspicions/count", NewSuspicionsView)
    app.router.add_view(f"{ROOT}/suspicions/export", SuspicionExportView)
    app.router.add_view(f"{ROOT}/suspicions/{{suspicion_id}}", SuspicionView)
    app.router.add_view(f"{ROOT}/review-rules", ReviewRulesView)
