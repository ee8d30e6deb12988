"""Who can listen here, and what waits for it."""

from __future__ import annotations

import asyncio

from aiohttp import web

from callcenter.api import CLOCK, DB, ROOT, SETTINGS, Answer, View
from callcenter.crm.access import require
from callcenter.crm.rights import Verb
from callcenter.recording import waiting
from callcenter.recording.models import Models


class SpeechModel(Answer):
    """``language`` as in ISO 639, "" where its name does not tell; ``usual``: hears what no queue says otherwise of."""

    name: str
    language: str
    engine: str
    usual: bool


class SpeechAnswer(Answer):
    """``lack``: what an administrator does that talks are turned into text, "" where they are. ``ready_in_s``: until
    all that wait are heard, at the pace of the last ones; null where none was heard yet."""

    models: list[SpeechModel]
    lack: str
    waiting: int
    ready_in_s: float | None


class SpeechView(View):
    async def get(self) -> SpeechAnswer:
        """The speech models that are installed, and what waits to be heard."""
        app = self.request.app
        require(self.request, Verb.SEE_FLOOR)
        there, processes, now = Models.of(app[SETTINGS]), app[SETTINGS].speech.processes, app[CLOCK].now()
        installed = await asyncio.to_thread(there.installed)
        lack, usual = await asyncio.to_thread(there.usual_or_lack)
        late = await app[DB].read(lambda s: waiting.backlog(s, now, processes))
        models = [
            SpeechModel(name=one.name, language=one.language, engine=one.engine, usual=usual == one)
            for one in installed
        ]
        return SpeechAnswer(models=models, lack=lack, waiting=late.waiting, ready_in_s=late.ready_in_s)


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/speech", SpeechView)
