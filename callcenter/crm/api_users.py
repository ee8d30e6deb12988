"""People, for administrators."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Line, View, creates, etag, expect
from callcenter.crm import audit, news, once, rosters, sessions, users
from callcenter.crm.access import require
from callcenter.crm.rights import UserRole, Verb
from callcenter.crm.schemas import Language
from callcenter.news import RightsChanged


class UserAnswer(Answer):
    id: UUID
    username: str
    display_name: str
    role: UserRole
    language: str
    team_id: UUID | None
    active: bool
    created_at: datetime


class Users(Answer):
    items: list[UserAnswer]


class NewUser(BaseModel):
    """Nothing is stripped here: a password may begin with a space."""

    model_config = ConfigDict(extra="forbid")
    username: Line
    display_name: Line = ""
    role: UserRole = UserRole.AGENT
    language: Language = "en"
    team_id: UUID | None = None
    password: Line


class UserChange(BaseModel):
    """What is not sent stays. A new password and ``active`` false end all sessions."""

    model_config = ConfigDict(extra="forbid")
    display_name: Line = ""
    role: UserRole = UserRole.AGENT
    language: Language = "en"
    team_id: UUID | None = None
    active: bool = True
    password: Line = ""


class UsersView(View):
    async def get(self) -> Users:
        """Everybody."""
        require(self.request, Verb.EDIT_USERS)
        rows = await self.request.app[DB].read(users.everybody)
        return Users(items=[UserAnswer.model_validate(row) for row in rows])

    @creates
    async def post(self, body: NewUser) -> UserAnswer:
        """Adds a person."""
        app, who = self.request.app, require(self.request, Verb.EDIT_USERS)
        now = app[CLOCK].now()
        hashed = await asyncio.to_thread(users.hash_password, body.password)

        def make(session: Session) -> UUID:
            made = users.create(session, body.model_dump(exclude={"password"}), hashed, now)
            audit.record(session, who, "create", ("user", str(made.id)), now, role=body.role)
            return made.id

        made, _ = await once.create(self.request, "user", make)
        return await _user(self, made)


class UserView(View):
    async def patch(self, user_id: UUID, /, body: UserChange) -> UserAnswer:
        """Changes a person, locks him out or gives him a new password."""
        app, who = self.request.app, require(self.request, Verb.EDIT_USERS)
        now, values = app[CLOCK].now(), body.model_dump(exclude_unset=True)
        fields = sorted(values)
        if "password" in values:
            values["password_hash"] = await asyncio.to_thread(users.hash_password, values.pop("password"))
        locks_out = values.get("active") is False

        def change(session: Session) -> list[UUID]:
            expect(self.request, users.get(session, user_id).version)
            users.change(session, user_id, values)
            audit.record(session, who, "change", ("user", str(user_id)), now, fields=fields)
            if locks_out:
                rosters.unbind(session, user_id, now)
            return sessions.revoke(session, user_id, now) if locks_out or "password_hash" in values else []

        await news.signed_off(app, user_id, await app[DB].write(change))
        if {"role", "team_id"} & set(fields):
            await app[BUS].publish(RightsChanged())
        if locks_out:
            await news.roster_changed(app)
        return await _user(self, user_id)


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/users", UsersView)
    app.router.add_view(f"{ROOT}/users/{{user_id}}", UserView)


async def _user(view: View, user_id: UUID) -> UserAnswer:
    row = await view.request.app[DB].read(lambda s: users.get(s, user_id))
    view.answer_header("ETag", etag(row.version))
    return UserAnswer.model_validate(row)
