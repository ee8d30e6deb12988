"""Teams, and how far each role's rights reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from callcenter.crm.models.customers import Customer
from callcenter.crm.models.office import Policy
from callcenter.crm.models.people import Team, User
from callcenter.crm.rights import UserRole
from callcenter.errors import Invalid, NotFound, Refused
from callcenter.statement import Statement

SCOPES: Final = "scopes"
"""The policy row: ``{role: {subject: scope}}`` where it differs from the defaults."""
_scopes: Final = Statement(lambda _: select(Policy.value, Policy.version).where(Policy.key == bindparam("policy")))


def every(session: Session) -> list[Team]:
    return list(session.scalars(select(Team).order_by(Team.name, Team.id)))


def sizes(session: Session) -> dict[UUID, int]:
    """How many active people are in each team."""
    counted = select(User.team_id, func.count()).where(User.active, User.team_id.is_not(None)).group_by(User.team_id)
    return {team: count for team, count in session.execute(counted) if team}


def get(session: Session, team_id: UUID) -> Team:
    """Raises NotFound."""
    found = session.get(Team, team_id)
    if found is None:
        raise NotFound("no such team")
    return found


def must_exist(session: Session, team_id: UUID | None) -> None:
    """Raises Invalid when a field names no team of ours."""
    if team_id is not None and session.get(Team, team_id) is None:
        raise Invalid("there is no such team", fields={"team_id": "not_allowed"})


def create(session: Session, name: str) -> UUID:
    _name_is_free(session, name, None)
    made = Team(name=name)
    session.add(made)
    session.flush()
    return made.id


def rename(session: Session, team_id: UUID, name: str) -> Team:
    found = get(session, team_id)
    _name_is_free(session, name, found.id)
    found.name = name
    found.version += 1
    return found


def remove(session: Session, team_id: UUID) -> None:
    """Raises Refused while anybody or any card belongs to it: they would become everybody's in silence."""
    found = get(session, team_id)
    people = session.scalar(select(User.id).where(User.team_id == team_id).limit(1))
    cards = session.scalar(select(Customer.id).where(Customer.team_id == team_id).limit(1))
    if people or cards:
        raise Refused("people or cards belong to this team; give them to another one first", code="team_in_use")
    session.delete(found)
    session.flush()


def scopes(session: Session) -> tuple[dict[str, Any], int]:
    """What is kept of the roles' scopes, and its version."""
    rows = _scopes(session, {"policy": SCOPES})
    return (rows[0].value, rows[0].version) if rows else ({}, 0)


def set_scopes(session: Session, wanted: Mapping[UserRole, Mapping[str, str]]) -> None:
    """Keeps them; from the next request on they count."""
    row = session.get(Policy, SCOPES, with_for_update=True) or Policy(key=SCOPES, value={}, version=0)
    row.value = {str(role): dict(told) for role, told in wanted.items()}
    row.version += 1
    session.add(row)
    session.flush()


def _name_is_free(session: Session, name: str, but: UUID | None) -> None:
    if not name:
        raise Invalid("a team has a name", fields={"name": "required"})
    if session.scalars(select(Team.id).where(func.lower(Team.name) == name.lower(), Team.id != but)).first():
        raise Invalid("there is a team of this name", fields={"name": "taken"})
