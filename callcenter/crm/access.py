"""Who is asking: the cookie, the ticket, and the middleware that lets nobody else through."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from aiohttp import web
from aiohttp.typedefs import Handler

from callcenter.api import CLOCK, DB, ROOT
from callcenter.crm import sessions
from callcenter.crm.privacy import staff
from callcenter.crm.rights import Actor, Verb, allow
from callcenter.crm.sessions import Seen, Tickets
from callcenter.errors import Forbidden, SignedOut, Unavailable
from callcenter.log import logger

COOKIE: Final = "callcenter_session"
ACTOR: web.RequestKey[Actor] = web.RequestKey("actor", Actor)
TICKETS: web.AppKey[Tickets] = web.AppKey("tickets", Tickets)
SEEN: web.AppKey[Seen] = web.AppKey("seen", Seen)
TOLD: web.AppKey[set[UUID]] = web.AppKey("told", set)
"""Sessions of people who confirmed the notice, or began before there was one."""
_TOLD_AT_MOST: Final = 10_000
_OPEN: Final = frozenset(
    {
        *(("POST", f"{ROOT}/session"), ("GET", f"{ROOT}/ws")),
        *(("PUT", f"{ROOT}/recordings/files"), ("GET", f"{ROOT}/display")),
    }
)
"""The websocket asks by itself: it answers with a close code, which browsers can read, where HTTP has a status. A PBX
that sends a recording, and a wallboard, show tokens of their own."""
_BEFORE_NOTICE: Final = frozenset(
    {
        *(("GET", f"{ROOT}/me"), ("PATCH", f"{ROOT}/me"), ("DELETE", f"{ROOT}/session")),
        *(("GET", f"{ROOT}/me/notice"), ("POST", f"{ROOT}/me/notice")),
    }
)
"""What may be done by somebody who has not yet confirmed the notice to people who work here."""
log = logger(__name__)


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Puts the actor into the request. Under the API's root nobody passes without one."""
    if request.path.startswith(f"{ROOT}/") and (request.method, request.path) not in _OPEN:
        found = await by_cookie(request)
        if found is None:
            raise SignedOut("sign in first")
        if (request.method, request.path) not in _BEFORE_NOTICE and not await told(request, found):
            raise Forbidden("read and confirm the notice first", code="notice_required")
        request[ACTOR] = found
    return await handler(request)


async def told(request: web.Request, who: Actor) -> bool:
    """Whether the person confirmed what people who work here must know, or need not.

    A session that may work may do so to its end, so it is asked about only once.
    """
    known = request.app[TOLD]
    if who.session in known:
        return True
    if await request.app[DB].read(lambda s: staff.due(s, who.id, who.session)) is not None:
        return False
    if len(known) >= _TOLD_AT_MOST:
        known.clear()
    known.add(who.session)
    return True


async def by_cookie(request: web.Request) -> Actor | None:
    """Whom the request's cookie means."""
    token, clock, db = request.cookies.get(COOKIE, ""), request.app[CLOCK], request.app[DB]
    if not token:
        return None
    now = clock.now()
    found = await db.read(lambda s: sessions.actor(s, token, now))
    if found and request.app[SEEN].due(found.session, clock.monotonic()):
        sign_in = found.session
        try:
            await db.write(lambda s: sessions.touch(s, sign_in, now))
        except Unavailable as wrong:
            log.warning("session_not_touched", code=wrong.code)
    return found


async def of_socket(request: web.Request) -> Actor | None:
    """Who opens a websocket: by cookie, or by the one-time ``?ticket=`` where a program sends none."""
    if found := await by_cookie(request):
        return found
    clock = request.app[CLOCK]
    sign_in = request.app[TICKETS].redeem(request.query.get("ticket", ""), clock.monotonic())
    if sign_in is None:
        return None
    return await request.app[DB].read(lambda s: sessions.actor_of(s, sign_in, clock.now()))


def actor(request: web.Request) -> Actor:
    """Who is asking."""
    return request[ACTOR]


def require(request: web.Request, verb: Verb) -> Actor:
    """Who is asking, who may do that. Raises Forbidden."""
    found = request[ACTOR]
    if not allow(found, verb):
        raise Forbidden("your role does not allow this")
    return found
