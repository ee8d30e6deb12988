"""Teams, and how far each role's rights reach: for administrators."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Line, View, creates, etag, expect
from callcenter.crm import audit, once, teams
from callcenter.crm.access import actor, require
from callcenter.crm.models.people import Team
from callcenter.crm.rights import DEFAULTS, Scope, Subject, UserRole, Verb, read_scopes
from callcenter.news import RightsChanged


class TeamAnswer(Answer):
    """``people`` counts those who may sign in."""

    id: UUID
    name: str
    people: int
    version: int


class Teams(Answer):
    items: list[TeamAnswer]


class TeamBody(Body):
    name: Line


class RoleScopes(Body):
    """How far one role's rights reach, by subject."""

    cards: Scope
    calls: Scope
    recordings: Scope
    outcomes: Scope
    tasks: Scope
    floor: Scope


class RightsBody(Body):
    """An administrator's rights reach everything and cannot be cut: somebody must be able to give them back."""

    agent: RoleScopes
    supervisor: RoleScopes


class RightsAnswer(RightsBody):
    version: int


class TeamsView(View):
    async def get(self) -> Teams:
        """All teams by name."""
        actor(self.request)
        return Teams(items=await self.request.app[DB].read(_answers))

    @creates
    async def post(self, body: TeamBody) -> TeamAnswer:
        """Adds a team."""
        app, who = self.request.app, require(self.request, Verb.EDIT_USERS)
        now = app[CLOCK].now()

        def make(session: Session) -> UUID:
            made = teams.create(session, body.name)
            audit.record(session, who, "create", ("team", str(made)), now)
            return made

        made, _ = await once.create(self.request, "team", make)
        return await app[DB].read(lambda s: _answer(s, teams.get(s, made)))


class TeamView(View):
    async def patch(self, team_id: UUID, /, body: TeamBody) -> TeamAnswer:
        """Renames a team."""
        app, who = self.request.app, require(self.request, Verb.EDIT_USERS)
        now = app[CLOCK].now()

        def change(session: Session) -> TeamAnswer:
            expect(self.request, teams.get(session, team_id).version)
            changed = teams.rename(session, team_id, body.name)
            audit.record(session, who, "change", ("team", str(team_id)), now, fields=["name"])
            self.answer_header("ETag", etag(changed.version))
            return _answer(session, changed)

        return await app[DB].write(change)

    async def delete(self, team_id: UUID, /) -> None:
        """Removes a team that nobody and nothing belongs to."""
        app, who = self.request.app, require(self.request, Verb.EDIT_USERS)
        now = app[CLOCK].now()

        def remove(session: Session) -> None:
            teams.remove(session, team_id)
            audit.record(session, who, "delete", ("team", str(team_id)), now)

        await app[DB].write(remove)


class RightsView(View):
    async def get(self) -> RightsAnswer:
        """How far the roles' rights reach."""
        require(self.request, Verb.EDIT_USERS)
        answer = await self.request.app[DB].read(_rights)
        self.answer_header("ETag", etag(answer.version))
        return answer

    async def put(self, body: RightsBody) -> RightsAnswer:
        """Sets it, for everybody who is signed in too."""
        app, who = self.request.app, require(self.request, Verb.EDIT_USERS)
        now = app[CLOCK].now()
        wanted = {role: getattr(body, role).model_dump(mode="json") for role in (UserRole.AGENT, UserRole.SUPERVISOR)}

        def change(session: Session) -> RightsAnswer:
            expect(self.request, teams.scopes(session)[1])
            teams.set_scopes(session, wanted)
            audit.record(session, who, "change", ("rights", ""), now, scopes=wanted)
            return _rights(session)

        answer = await app[DB].write(change)
        await app[BUS].publish(RightsChanged())
        self.answer_header("ETag", etag(answer.version))
        return answer


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/teams", TeamsView)
    app.router.add_view(f"{ROOT}/teams/{{team_id}}", TeamView)
    app.router.add_view(f"{ROOT}/rights", RightsView)


def _answers(session: Session) -> list[TeamAnswer]:
    sizes = teams.sizes(session)
    return [
        TeamAnswer(id=t.id, name=t.name, people=sizes.get(t.id, 0), version=t.version) for t in teams.every(session)
    ]


def _answer(session: Session, team: Team) -> TeamAnswer:
    return TeamAnswer(id=team.id, name=team.name, people=teams.sizes(session).get(team.id, 0), version=team.version)


def _rights(session: Session) -> RightsAnswer:
    kept, version = teams.scopes(session)

    def of(role: UserRole) -> RoleScopes:
        told = {**DEFAULTS[role], **read_scopes(kept, role)}
        return RoleScopes.model_validate({str(subject): told[subject] for subject in Subject})

    return RightsAnswer(agent=of(UserRole.AGENT), supervisor=of(UserRole.SUPERVISOR), version=version)
