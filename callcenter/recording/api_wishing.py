"""What people wish of the recording of a talk that goes on: an agent starts and stops it, or its customer declines."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, Body, View
from callcenter.call import Call
from callcenter.crm import audit, opt_out_policy
from callcenter.crm.access import actor
from callcenter.crm.privacy import policies
from callcenter.crm.privacy.rules import Lack, Mode, places, verdict
from callcenter.errors import Refused
from callcenter.recording.api_pausing import own_talk
from callcenter.recording.wishing import Wishing
from callcenter.recording_events import Wish

WISHING: web.AppKey[Wishing] = web.AppKey("wishing", Wishing)
_VERBS: Final = {
    Wish.START: "start_recording",
    Wish.STOP: "stop_recording",
    Wish.DECLINE: "decline_recording",
}


class CallRecordingAnswer(Answer):
    """How it stands with the recording of a talk. ``mode``: forbidden where any rule that binds it forbids it or is not
    complete, on_demand where any leaves it to agents; ``may``: what the agent can do about it now."""

    call_id: UUID
    mode: Mode
    lack: Lack | None
    recorded: bool
    declined_at: datetime | None
    may: list[Wish]


class WishBody(Body):
    wish: Wish


class CallRecordingView(View):
    async def get(self, call_id: UUID, /) -> CallRecordingAnswer:
        """Of one's own talk."""
        return await self._answer(call_id)

    async def put(self, call_id: UUID, /, body: WishBody) -> CallRecordingAnswer:
        """Starts or stops the recording, or ends it in every copy because the customer declines."""
        app, who = self.request.app, actor(self.request)
        call = own_talk(self.request, call_id)
        if body.wish not in (await self._answer(call_id)).may:
            raise Refused("that cannot be wished for here", code="wish_not_allowed")
        wishing = app[WISHING]
        carry_out = {Wish.START: wishing.start, Wish.STOP: wishing.stop, Wish.DECLINE: wishing.decline}[body.wish]
        await carry_out(call, who.id)
        now, verb = app[CLOCK].now(), _VERBS[body.wish]
        await app[DB].write(lambda s: audit.record(s, who, verb, ("call", str(call_id)), now))
        return await self._answer(call_id)

    async def _answer(self, call_id: UUID) -> CallRecordingAnswer:
        call = own_talk(self.request, call_id)
        return await self.request.app[DB].read(lambda s: _stands(s, call, call_id))


def _stands(session: Session, call: Call, call_id: UUID) -> CallRecordingAnswer:
    met = places(call.direction, [visit.queue for visit in call.queues])
    rules = policies.rules(session, call.key.pbx)
    lack = verdict(rules, met, staff_told=policies.staff_told(session)).lack
    on_demand = lack is None and any(rules[place].mode is Mode.ON_DEMAND for place in met)
    mode = Mode.FORBIDDEN if lack else Mode.ON_DEMAND if on_demand else Mode.FORCED
    agents = opt_out_policy.read(session).agents
    return CallRecordingAnswer(
        call_id=call_id,
        mode=mode,
        lack=lack,
        recorded=asked(call) if on_demand else call.recorded,
        declined_at=call.declined_at,
        may=_may(call, mode, agents=agents),
    )


def _may(call: Call, mode: Mode, *, agents: bool) -> list[Wish]:
    if call.declined_at or mode is Mode.FORBIDDEN:
        return []
    turn = [Wish.STOP if asked(call) else Wish.START] if mode is Mode.ON_DEMAND else []
    return [*turn, *([Wish.DECLINE] if agents else [])]


def asked(call: Call) -> bool:
    """Whether an agent started a recording that goes on."""
    turns = [one.wish for one in call.wishes if one.wish is not Wish.DECLINE]
    return bool(turns) and turns[-1] is Wish.START


def provide(app: web.Application, wishing: Wishing) -> None:
    """Hands the routes who carries the wishes out."""
    app[WISHING] = wishing


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/calls/{{call_id}}/recording", CallRecordingView)
