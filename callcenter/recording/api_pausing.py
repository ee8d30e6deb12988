"""An agent pauses the recording of his talk for card data; how long he may, is a policy."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, View, etag, expect
from callcenter.call import Call
from callcenter.crm import audit, pause_policy
from callcenter.crm.access import actor, require
from callcenter.crm.pause_policy import PausePolicy
from callcenter.crm.rights import Verb
from callcenter.errors import Forbidden, NotFound, Refused
from callcenter.recording.pausing import Pausing

PAUSING: web.AppKey[Pausing] = web.AppKey("pausing", Pausing)
LIVE: web.AppKey[Any] = web.AppKey("pausing_live")


class CallPauseAnswer(Answer):
    """``paused_until`` None: the recording has sound."""

    call_id: UUID
    paused_until: datetime | None


class CallPauseView(View):
    async def put(self, call_id: UUID, /) -> CallPauseAnswer:
        """Silences every recording of one's own talk for as long as the policy says; again: for as long anew."""
        app, who, call = self.request.app, actor(self.request), own_talk(self.request, call_id)
        policy = await app[DB].read(pause_policy.read)
        if not policy.allowed:
            raise Refused("recordings are not to be paused here", code="pause_not_allowed")
        until = await app[PAUSING].pause(call, who.id, policy.seconds)
        await self._note("pause_recording", call_id, seconds=policy.seconds)
        return CallPauseAnswer(call_id=call_id, paused_until=until)

    async def delete(self, call_id: UUID, /) -> CallPauseAnswer:
        """The recording goes on."""
        call = own_talk(self.request, call_id)
        if call.pause:
            await self.request.app[PAUSING].go_on(call)
            await self._note("resume_recording", call_id)
        return CallPauseAnswer(call_id=call_id, paused_until=None)

    async def _note(self, verb: str, call: UUID, **details: int) -> None:
        who, now = actor(self.request), self.request.app[CLOCK].now()
        await self.request.app[DB].write(lambda s: audit.record(s, who, verb, ("call", str(call)), now, **details))


class PausePolicyView(View):
    async def get(self) -> PausePolicy:
        """The rule now."""
        found, version = await self.request.app[DB].read(lambda s: (pause_policy.read(s), pause_policy.version(s)))
        self.answer_header("ETag", etag(version))
        return found

    async def put(self, body: PausePolicy) -> PausePolicy:
        """Changes it, from the next pause on."""
        app, who, now = self.request.app, require(self.request, Verb.EDIT_PRIVACY), self.request.app[CLOCK].now()

        def change(session: Session) -> int:
            expect(self.request, pause_policy.version(session))
            pause_policy.write(session, body)
            audit.record(session, who, "change", ("policy", pause_policy.KEY), now, **body.model_dump(mode="json"))
            return pause_policy.version(session)

        self.answer_header("ETag", etag(await app[DB].write(change)))
        return body


def own_talk(request: web.Request, call_id: UUID) -> Call:
    """The call, while the actor talks in it. Raises NotFound, and Forbidden once he talks no more."""
    who = actor(request).id
    call: Call | None = next((c for c in request.app[LIVE]().values() if c.id == call_id), None)
    own = [segment for segment in call.segments if segment.agent == who and segment.answered_at] if call else []
    if call is None or call.ended_at is not None or not own:
        raise NotFound("no such talk goes on")
    if not any(segment.talking for segment in own):
        raise Forbidden("only who talks may pause the recording", code="not_your_talk")
    return call


def provide(app: web.Application, pausing: Pausing, live: Any) -> None:
    """Hands the routes whom they work with; ``live`` are the ledger's calls."""
    app[PAUSING], app[LIVE] = pausing, live


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/calls/{{call_id}}/recording-pause", CallPauseView)
    app.router.add_view(f"{ROOT}/privacy/recording-pause", PausePolicyView)
