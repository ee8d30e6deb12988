"""The notice to people who work here: published by administrators, confirmed by everybody."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web
from pydantic import Field
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Prose, View
from callcenter.crm import audit
from callcenter.crm.access import actor, require
from callcenter.crm.privacy import staff
from callcenter.crm.rights import Verb
from callcenter.crm.schemas import Language
from callcenter.errors import Invalid
from callcenter.news import RecordingRulesChanged


class MyNotice(Answer):
    """``due``: must be confirmed before anything else. ``version`` 0: there is no notice."""

    due: bool
    version: int
    language: str
    text: str


class Confirmed(Body):
    """The version that was read, and the language in which."""

    version: int
    language: Language


class StaffNoticeBody(Body):
    """The text by language; English or another one must be there."""

    texts: dict[Language, Prose] = Field(min_length=1, max_length=20)


class StaffNoticeAnswer(Answer):
    """``proposal`` is a text to begin with. ``confirmed`` of ``everybody`` have read the version in force."""

    version: int
    texts: dict[str, str]
    at: datetime | None
    confirmed: int
    everybody: int
    proposal: dict[str, str]


class MyNoticeView(View):
    async def get(self) -> MyNotice:
        """What one must have read, in one's language."""
        who = actor(self.request)

        def read(session: Session) -> MyNotice:
            notice = staff.current(session)
            if notice is None:
                return MyNotice(due=False, version=0, language=who.language, text="")
            language, text = staff.in_language(notice.texts, who.language)
            due = staff.due(session, who.id, who.session) is not None
            return MyNotice(due=due, version=notice.version, language=language, text=text)

        return await self.request.app[DB].read(read)

    async def post(self, body: Confirmed) -> MyNotice:
        """Confirms that one has read it."""
        who, now = actor(self.request), self.request.app[CLOCK].now()

        def confirm(session: Session) -> None:
            if staff.acknowledge(session, who.id, body.version, body.language, now):
                audit.record(session, who, "acknowledge", ("staff_notice", str(body.version)), now)

        await self.request.app[DB].write(confirm)
        return await self.get()


class StaffNoticeView(View):
    async def get(self) -> StaffNoticeAnswer:
        """The notice in force, and how many confirmed it."""
        require(self.request, Verb.EDIT_PRIVACY)
        return await self.request.app[DB].read(_answer)

    async def put(self, body: StaffNoticeBody) -> StaffNoticeAnswer:
        """Puts a text in force. Whoever signs in from now on must confirm it."""
        who, app = require(self.request, Verb.EDIT_PRIVACY), self.request.app
        now, texts = app[CLOCK].now(), {k: v for k, v in body.texts.items() if v}
        if not texts:
            raise Invalid("a notice has a text", fields={"texts": "required"})

        def write(session: Session) -> None:
            notice = staff.publish(session, texts, who.id, now)
            audit.record(session, who, "publish", ("staff_notice", str(notice.version)), now, languages=sorted(texts))

        await app[DB].write(write)
        await app[BUS].publish(RecordingRulesChanged(pbx=""))
        return await app[DB].read(_answer)


def _answer(session: Session) -> StaffNoticeAnswer:
    notice = staff.current(session)
    confirmed, everybody = staff.confirmed(session)
    return StaffNoticeAnswer(
        version=notice.version if notice else 0,
        texts=notice.texts if notice else {},
        at=notice.at if notice else None,
        confirmed=confirmed,
        everybody=everybody,
        proposal=staff.PROPOSED,
    )


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/me/notice", MyNoticeView)
    app.router.add_view(f"{ROOT}/privacy/staff-notice", StaffNoticeView)
