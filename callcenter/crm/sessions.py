"""Signed-in browsers: listed, revocable, throttled. Only hashes of their tokens are kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from callcenter.crm.models import SignIn, SignInAttempt, User
from callcenter.crm.rights import Actor, UserRole
from callcenter.errors import Refused

_IDLE: Final = timedelta(hours=12)
_LONGEST: Final = timedelta(days=7)
_SEEN_EVERY: Final = timedelta(minutes=1)
_WINDOW: Final = timedelta(minutes=15)
_ATTEMPTS_PER_NAME: Final = 10
_ATTEMPTS_PER_ADDRESS: Final = 50
TICKET_SECONDS: Final = 30.0


class Throttled(Refused):
    status = 429
    code = "throttled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Where a sign-in comes from."""

    address: str
    software: str


def throttle(session: Session, username: str, address: str, now: datetime) -> None:
    """Raises Throttled after too many failures for this name and address, or from this address."""
    recent = select(func.count()).select_from(SignInAttempt).where(SignInAttempt.at > now - _WINDOW)
    from_here = recent.where(SignInAttempt.address == address)
    for_name = from_here.where(SignInAttempt.username == username)
    over_name = (session.scalar(for_name) or 0) >= _ATTEMPTS_PER_NAME
    if over_name or (session.scalar(from_here) or 0) >= _ATTEMPTS_PER_ADDRESS:
        raise Throttled("too many failed attempts; wait a quarter of an hour")


def failed(session: Session, username: str, address: str, now: datetime) -> None:
    session.execute(delete(SignInAttempt).where(SignInAttempt.at < now - _WINDOW))
    session.add(SignInAttempt(username=username, address=address, at=now))


def begin(session: Session, user: User, visitor: Visitor, now: datetime) -> str:
    """A new session; its token, which is told once and never kept."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            user_id=user.id,
            token_hash=_hash(token),
            created_at=now,
            seen_at=now,
            expires_at=now + _LONGEST,
            address=visitor.address,
            agent_software=visitor.software[:200],
        )
    )
    session.execute(
        delete(SignInAttempt).where(SignInAttempt.username == user.username, SignInAttempt.address == visitor.address)
    )
    return token


def actor(session: Session, token: str, now: datetime) -> Actor | None:
    """Who holds the token; None when it is unknown, revoked, expired or too long idle."""
    row = session.execute(
        select(SignIn, User).join(User, User.id == SignIn.user_id).where(SignIn.token_hash == _hash(token))
    ).first()
    if row is None or not _valid(row[0], row[1], now):
        return None
    return _actor(row[0], row[1])


def actor_of(session: Session, sign_in: UUID, now: datetime) -> Actor | None:
    """The same by the session's id, for tickets."""
    found = session.get(SignIn, sign_in)
    user = session.get(User, found.user_id) if found else None
    return _actor(found, user) if found and user and _valid(found, user, now) else None


def stale(session: Session, sign_in: UUID, now: datetime) -> bool:
    """Whether it is time to note that the session is in use."""
    seen = session.scalar(select(SignIn.seen_at).where(SignIn.id == sign_in))
    return seen is not None and now - seen > _SEEN_EVERY


def seen(session: Session, sign_in: UUID, now: datetime) -> None:
    session.execute(update(SignIn).where(SignIn.id == sign_in).values(seen_at=now))


def revoke(session: Session, user: UUID, now: datetime, *, only: UUID | None = None) -> list[UUID]:
    """Ends the user's sessions, or one of them; the ids of those that ended."""
    living = select(SignIn).where(SignIn.user_id == user, SignIn.revoked_at.is_(None))
    if only:
        living = living.where(SignIn.id == only)
    ended = list(session.scalars(living))
    for sign_in in ended:
        sign_in.revoked_at = now
    return [sign_in.id for sign_in in ended]


def of(session: Session, user: UUID, now: datetime) -> list[SignIn]:
    living = select(SignIn).where(SignIn.user_id == user, SignIn.revoked_at.is_(None), SignIn.expires_at > now)
    return list(session.scalars(living.where(or_(SignIn.seen_at > now - _IDLE)).order_by(SignIn.seen_at.desc())))


class Tickets:
    """One-time passes for a websocket that cannot send the cookie; they live half a minute, in memory."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[UUID, float]] = {}

    def issue(self, sign_in: UUID, mono: float) -> str:
        self._open = {k: v for k, v in self._open.items() if v[1] > mono}
        ticket = secrets.token_urlsafe(24)
        self._open[ticket] = (sign_in, mono + TICKET_SECONDS)
        return ticket

    def redeem(self, ticket: str, mono: float) -> UUID | None:
        sign_in, until = self._open.pop(ticket, (None, 0.0))
        return sign_in if sign_in and until > mono else None


def _valid(sign_in: SignIn, user: User, now: datetime) -> bool:
    fresh = sign_in.expires_at > now and now - sign_in.seen_at < _IDLE
    return user.active and sign_in.revoked_at is None and fresh


def _actor(sign_in: SignIn, user: User) -> Actor:
    return Actor(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        role=UserRole(user.role),
        team=user.team_id,
        language=user.language,
        session=sign_in.id,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
