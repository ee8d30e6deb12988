"""Signing in and out, one's own sessions, tickets for the websocket."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, SETTINGS, Answer, Line, View
from callcenter.crm import audit, news, rosters, sessions, users
from callcenter.crm.access import COOKIE, SEEN, TICKETS, TOLD, actor
from callcenter.crm.api_me import MeAnswer, me
from callcenter.crm.models.people import User
from callcenter.crm.privacy import staff
from callcenter.crm.sessions import Seen, Tickets, Visitor
from callcenter.errors import NotFound, SignedOut


class SignInBody(BaseModel):
    """``pbx`` is needed where several have that extension. Nothing is stripped here: a password may begin with a
    space."""

    model_config = ConfigDict(extra="forbid")
    username: Line
    password: Line
    extension: Line | None = None
    pbx: Line = ""


class SessionAnswer(Answer):
    id: UUID
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent_software: str
    current: bool


class Sessions(Answer):
    items: list[SessionAnswer]


class Ticket(Answer):
    ticket: str


class SessionView(View):
    async def post(self, body: SignInBody) -> MeAnswer:
        """Signs in; sets the session's cookie. Optionally takes an extension, unless a notice must be read first."""
        app = self.request.app
        user = await _proven(self.request, body)
        now = app[CLOCK].now()
        visitor = Visitor(address=_address(self.request), software=self.request.headers.get("User-Agent", ""))

        def begin(session: Session) -> str:
            token = sessions.begin(session, user, visitor, now)
            session.flush()
            who = sessions.actor(session, token, now)
            if body.extension and who and staff.due(session, who.id, who.session) is None:
                rosters.bind(session, user.id, rosters.find(session, body.extension, body.pbx), now)
            audit.record(session, who, "sign_in", ("user", str(user.id)), now)
            return token

        token = await app[DB].write(begin)
        if body.extension:
            await news.roster_changed(app)
        self.answer_header("Set-Cookie", _cookie(self.request, token))
        return await app[DB].read(lambda s: _entered(s, token, now))

    async def delete(self) -> None:
        """Signs out here and leaves the desk."""
        app, who, now = self.request.app, actor(self.request), self.request.app[CLOCK].now()

        def end(session: Session) -> list[UUID]:
            rosters.unbind(session, who.id, now)
            audit.record(session, who, "sign_out", ("user", str(who.id)), now)
            return sessions.revoke(session, who.id, now, only=who.session)

        ended = await app[DB].write(end)
        await news.signed_off(app, who.id, ended)
        await news.roster_changed(app)
        self.answer_header("Set-Cookie", _cookie(self.request, "", age=0))


class TicketView(View):
    async def post(self) -> Ticket:
        """A one-time pass for the websocket, good for half a minute."""
        app = self.request.app
        return Ticket(ticket=app[TICKETS].issue(actor(self.request).session, app[CLOCK].monotonic()))


class SessionsView(View):
    async def get(self) -> Sessions:
        """Where one is signed in."""
        app, who = self.request.app, actor(self.request)
        rows = await app[DB].read(lambda s: sessions.of(s, who.id, app[CLOCK].now()))
        return Sessions(
            items=[
                SessionAnswer(
                    id=row.id,
                    created_at=row.created_at,
                    seen_at=row.seen_at,
                    expires_at=row.expires_at,
                    address=row.address,
                    agent_software=row.agent_software,
                    current=row.id == who.session,
                )
                for row in rows
            ]
        )


class OneSessionView(View):
    async def delete(self, session_id: UUID, /) -> None:
        """Ends one of one's own sessions, for example on a lost laptop."""
        app, who, now = self.request.app, actor(self.request), self.request.app[CLOCK].now()

        def end(session: Session) -> bool:
            if not sessions.revoke(session, who.id, now, only=session_id):
                raise NotFound("no such session")
            audit.record(session, who, "revoke", ("session", str(session_id)), now)
            last = not sessions.living(session, who.id, now)
            if last:
                rosters.unbind(session, who.id, now)
            return last

        left_desk = await app[DB].write(end)
        await news.signed_off(app, who.id, [session_id])
        if left_desk:
            await news.roster_changed(app)


def add_routes(app: web.Application) -> None:
    """The routes and what they keep."""
    app[TICKETS], app[SEEN], app[TOLD] = Tickets(), Seen(), set()
    app[news.ROSTER_ORDER] = asyncio.Lock()
    app.router.add_view(f"{ROOT}/session", SessionView)
    app.router.add_view(f"{ROOT}/session/ticket", TicketView)
    app.router.add_view(f"{ROOT}/sessions", SessionsView)
    app.router.add_view(f"{ROOT}/sessions/{{session_id}}", OneSessionView)


async def _proven(request: web.Request, body: SignInBody) -> User:
    """Whose name and password these are. Costs the same whether or not the name exists."""
    db, name, address = request.app[DB], users.fold(body.username), _address(request)
    now = request.app[CLOCK].now()
    await db.write(lambda s: sessions.attempt(s, name, address, now))
    user = await db.read(lambda s: users.by_username(s, name))
    right = await asyncio.to_thread(users.verify, user.password_hash if user else None, body.password)
    if user is None or not right or not user.active:
        raise SignedOut("the user name or the password is wrong", code="wrong_credentials")
    await db.write(lambda s: sessions.forgive(s, name, address))
    return user


def _entered(session: Session, token: str, now: datetime) -> MeAnswer:
    who = sessions.actor(session, token, now)
    if who is None:
        raise SignedOut("the session has ended meanwhile")
    return me(session, who, now)


def _address(request: web.Request) -> str:
    return request.remote or ""


def _cookie(request: web.Request, token: str, *, age: int = sessions.LONGEST_SECONDS) -> str:
    secure = "; Secure" if request.app[SETTINGS].http.secure_cookie else ""
    return f"{COOKIE}={token}; Max-Age={age}; Path=/; HttpOnly; SameSite=Strict{secure}"
