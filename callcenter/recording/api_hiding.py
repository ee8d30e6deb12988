"""What is hidden in words and silent in sounds: decided, tried on a sample, and applied to what is kept already."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import StringConstraints
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, SETTINGS, Answer, Body, View, etag, expect
from callcenter.crm import audit, hiding, hiding_policy
from callcenter.crm.access import require
from callcenter.crm.hiding_policy import Hiding, PatternRule
from callcenter.crm.rights import Verb
from callcenter.recording import again, opus
from callcenter.recording.models import Models


class AgainAnswer(Answer):
    """How far what is kept was looked through the last time; ``finished_at`` null: it goes on."""

    began_at: datetime | None
    finished_at: datetime | None
    looked: int
    changed: int


class HidingAnswer(Answer):
    """``listens``: an engine hears recordings, so that there is anything to hide in them. ``packs``: ffmpeg is there,
    and what is played takes a tenth of the room."""

    hiding: Hiding
    again: AgainAnswer
    listens: bool
    packs: bool


class SampleBody(Body):
    text: Annotated[str, StringConstraints(max_length=2000)]
    patterns: list[PatternRule]


class SampleAnswer(Answer):
    """The text as it would be kept."""

    text: str


class HidingView(View):
    async def get(self) -> HidingAnswer:
        """What is hidden beside card numbers, and what becomes of the sound."""
        require(self.request, Verb.EDIT_PRIVACY)
        return await _told(self)

    async def put(self, body: Hiding) -> HidingAnswer:
        """Decides it for everything that is written and heard from now on. With ``If-Match`` only the version that was
        read."""
        who, app = require(self.request, Verb.EDIT_PRIVACY), self.request.app
        now = app[CLOCK].now()

        def write(session: Session) -> None:
            expect(self.request, hiding_policy.version(session))
            hiding_policy.write(session, body)
            told = {"patterns": len(body.patterns), "originals": body.originals, "unheard": body.unheard}
            audit.record(session, who, "change", ("policy", hiding_policy.KEY), now, **told)

        await app[DB].write(write)
        return await _told(self)


class SampleView(View):
    async def post(self, body: SampleBody) -> SampleAnswer:
        """What would be hidden in a text. Keeps nothing."""
        require(self.request, Verb.EDIT_PRIVACY)
        return SampleAnswer(text=hiding.written(body.text, Hiding(patterns=body.patterns).compiled()))


class AgainView(View):
    async def post(self) -> HidingAnswer:
        """Looks through everything that is kept, by the rules as they are now."""
        who, app = require(self.request, Verb.EDIT_PRIVACY), self.request.app
        now = app[CLOCK].now()

        def write(session: Session) -> None:
            again.begin(session, now)
            audit.record(session, who, "run", ("policy", hiding_policy.KEY), now)

        await app[DB].write(write)
        return await _told(self)


async def _told(view: View) -> HidingAnswer:
    app = view.request.app

    def read(session: Session) -> tuple[Hiding, int, again.Progress]:
        return hiding_policy.read(session), hiding_policy.version(session), again.progress(session)

    policy, version, progress = await app[DB].read(read)
    view.answer_header("ETag", etag(version))
    return HidingAnswer(
        hiding=policy,
        again=AgainAnswer.model_validate(progress, from_attributes=True),
        listens=await asyncio.to_thread(Models.of(app[SETTINGS]).any),
        packs=opus.found().ffmpeg is not None,
    )


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/privacy/hiding", HidingView)
    app.router.add_view(f"{ROOT}/privacy/hiding/sample", SampleView)
    app.router.add_view(f"{ROOT}/privacy/hiding/again", AgainView)
