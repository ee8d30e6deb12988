"""Oneself: who one is, the language, the desk; and all extensions with who sits there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Line, View
from callcenter.crm import audit, news, rosters, users
from callcenter.crm.access import actor, require
from callcenter.crm.privacy import staff
from callcenter.crm.rights import Actor, UserRole, Verb
from callcenter.crm.schemas import Language, Person
from callcenter.news import DeskTaken


class FreeDesk(Answer):
    """``twin``: another PBX has an extension of this number too, so that people have to be told the PBX."""

    pbx: str
    number: str
    twin: bool


class MeAnswer(Answer):
    """``extension`` and its ``pbx`` are null without a desk; ``twin`` as of a free one.

    ``notice_due``: until the notice to people who work here is confirmed, everything else is refused.
    """

    id: UUID
    username: str
    display_name: str
    role: UserRole
    language: str
    extension: str | None
    pbx: str | None
    twin: bool
    extensions_free: list[FreeDesk]
    notice_due: bool = False


class MeChange(Body):
    language: Language


class DeskChange(Body):
    """``extension`` null: leave the desk. ``pbx`` is needed where several have that number. ``take_over`` is for
    supervisors: whoever sits there leaves."""

    extension: Line | None
    pbx: Line = ""
    take_over: bool = False


class ExtensionAnswer(Answer):
    id: UUID
    pbx: str
    number: str
    devices: list[str]
    interfaces: list[str]
    agent: Person | None


class Extensions(Answer):
    items: list[ExtensionAnswer]


class MeView(View):
    async def get(self) -> MeAnswer:
        """Who is signed in, and where he sits."""
        return await _me(self.request)

    async def patch(self, body: MeChange) -> MeAnswer:
        """Changes the language of the screens."""
        who = actor(self.request)
        await self.request.app[DB].write(lambda s: users.change(s, who.id, {"language": body.language}))
        return await _me(self.request)


class DeskView(View):
    async def put(self, body: DeskChange) -> MeAnswer:
        """Takes an extension, or leaves it."""
        app, who, now = self.request.app, actor(self.request), self.request.app[CLOCK].now()
        if body.take_over:
            require(self.request, Verb.TAKE_OVER_DESK)

        def sit(session: Session) -> UUID | None:
            former, pbx = None, ""
            if body.extension:
                extension = rosters.find(session, body.extension, body.pbx)
                former, pbx = rosters.bind(session, who.id, extension, now, take_over=body.take_over), extension.pbx
            else:
                rosters.unbind(session, who.id, now)
            desk = ("extension", body.extension or "")
            audit.record(session, who, "sit", desk, now, pbx=pbx, take_over=body.take_over)
            return former

        former = await app[DB].write(sit)
        await news.roster_changed(app)
        if former is not None and body.extension:
            await app[BUS].publish(DeskTaken(agent=former, extension=body.extension, by=who.display_name))
        return await _me(self.request)


class ExtensionsView(View):
    async def get(self) -> Extensions:
        """All extensions and who sits there."""
        rows = await self.request.app[DB].read(rosters.desks)
        return Extensions(
            items=[
                ExtensionAnswer(
                    id=extension.id,
                    pbx=extension.pbx,
                    number=extension.number,
                    devices=extension.devices,
                    interfaces=extension.interfaces,
                    agent=Person.model_validate(user) if user else None,
                )
                for extension, user in rows
            ]
        )


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/me", MeView)
    app.router.add_view(f"{ROOT}/me/extension", DeskView)
    app.router.add_view(f"{ROOT}/extensions", ExtensionsView)


def me(session: Session, who: Actor, now: datetime) -> MeAnswer:
    """What a person is told about himself."""
    user, desk, twins = users.get(session, who.id), rosters.desk_of(session, who.id), rosters.twins(session)
    return MeAnswer(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        role=UserRole(user.role),
        language=user.language,
        extension=desk.number if desk else None,
        pbx=desk.pbx if desk else None,
        twin=desk is not None and desk.number in twins,
        extensions_free=[
            FreeDesk(pbx=e.pbx, number=e.number, twin=e.number in twins) for e in rosters.free(session, now)
        ],
        notice_due=staff.due(session, who.id, who.session) is not None,
    )


async def _me(request: web.Request) -> MeAnswer:
    who, now = actor(request), request.app[CLOCK].now()
    return await request.app[DB].read(lambda s: me(s, who, now))
