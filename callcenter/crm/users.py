"""People who may sign in, and their passwords."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm import teams
from callcenter.crm.models.people import User
from callcenter.crm.rights import Standing, UserRole, read_scopes
from callcenter.errors import Invalid, NotFound, Refused

_USERNAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
_SHORTEST_PASSWORD: Final = 10
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY: Final = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Argon2id, OWASP's parameters; takes tens of milliseconds: call it in a thread. Raises Invalid."""
    if len(password) < _SHORTEST_PASSWORD:
        raise Invalid(f"a password has at least {_SHORTEST_PASSWORD} characters", fields={"password": "too_short"})
    return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. Costs the same for people who do not exist."""
    try:
        right: bool = _hasher.verify(password_hash or _NOBODY, password)
    except (Argon2Error, InvalidHashError):
        return False
    return right and password_hash is not None


def create(session: Session, values: dict[str, Any], password_hash: str, now: datetime) -> User:
    """Adds a person. ``values``: username, display_name, role, language, team_id. Raises Invalid."""
    username = fold(values["username"])
    if not _USERNAME.fullmatch(username):
        raise Invalid(
            "a user name has 2 to 64 of a-z, 0-9, dot, dash and underscore", fields={"username": "not_allowed"}
        )
    teams.must_exist(session, values.get("team_id"))
    if by_username(session, username):
        raise Invalid("this user name is taken", fields={"username": "taken"})
    user = User(
        username=username,
        display_name=(values.get("display_name") or username).strip(),
        role=UserRole(values["role"]),
        language=values.get("language") or "en",
        team_id=values.get("team_id"),
        password_hash=password_hash,
        created_at=now,
        active=True,
    )
    session.add(user)
    session.flush()
    return user


def change(session: Session, user_id: UUID, values: dict[str, Any]) -> User:
    """Changes display_name, role, language, team_id or active. Raises NotFound, Refused for the last administrator."""
    user = get(session, user_id)
    loses_admin = (user.active and user.role == UserRole.ADMIN) and (
        values.get("role", user.role) != UserRole.ADMIN or values.get("active") is False
    )
    if loses_admin and _admins(session) == 1:
        raise Refused("the last administrator must stay one", code="last_admin")
    teams.must_exist(session, values.get("team_id"))
    for name, value in values.items():
        setattr(user, name, value)
    user.version += 1
    session.flush()
    return user


def get(session: Session, user_id: UUID) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("no such user")
    return user


def standing(session: Session, user_id: UUID) -> Standing | None:
    """What decides about a person's rights now; None for one who does not work here any more."""
    user = session.get(User, user_id)
    if user is None or not user.active:
        return None
    role = UserRole(user.role)
    return Standing(id=user.id, role=role, team=user.team_id, scopes=read_scopes(teams.scopes(session)[0], role))


def by_username(session: Session, username: str) -> User | None:
    return session.scalars(select(User).where(User.username == fold(username))).first()


def everybody(session: Session) -> list[User]:
    return list(session.scalars(select(User).order_by(User.username)))


def fold(username: str) -> str:
    return username.strip().casefold()


def _admins(session: Session) -> int:
    """How many may administer; they stay locked, so that two cannot dismiss each other at once."""
    found = select(User.id).where(User.role == UserRole.ADMIN, User.active.is_(True)).with_for_update()
    return len(session.scalars(found).all())
