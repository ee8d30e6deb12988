"""Signed-in browsers: listed, revocable, throttled. Only hashes of their tokens are kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from callcenter.crm import teams
from callcenter.crm.models.people import SignIn, SignInAttempt, User
from callcenter.crm.rights import Actor, UserRole, read_scopes
from callcenter.crm.upsert import table_of
from callcenter.errors import Refused
from callcenter.statement import Statement
from callcenter.tables import UtcDateTime

_IDLE: Final = timedelta(hours=12)
_LONGEST: Final = timedelta(days=7)
_SEEN_EVERY: Final = timedelta(minutes=1)
_WINDOW: Final = timedelta(minutes=15)
_ATTEMPTS_PER_NAME: Final = 10
_LONGEST_NAME: Final = 64
_ATTEMPTS_PER_ADDRESS: Final = 50
TICKET_SECONDS: Final = 30.0
LONGEST_SECONDS: Final = int(_LONGEST.total_seconds())
_OF_USER: Final = ("id", "username", "display_name", "role", "team_id", "language", "active")
_SIGNED_IN: Final = (
    select(SignIn.id.label("session"), SignIn.expires_at, SignIn.seen_at, SignIn.revoked_at)
    .add_columns(*(table_of(User).c[name] for name in _OF_USER))
    .join(User, User.id == SignIn.user_id)
)
_by_token: Final = Statement(lambda _: _SIGNED_IN.where(SignIn.token_hash == bindparam("token")))
_by_id: Final = Statement(lambda _: _SIGNED_IN.where(SignIn.id == bindparam("sign_in")))

_touch: Final = Statement(
    lambda _: (
        update(table_of(SignIn))
        .where(SignIn.id == bindparam("sign_in"), SignIn.seen_at < bindparam("before", type_=UtcDateTime()))
        .values(seen_at=bindparam("now", type_=UtcDateTime()))
    )
)


class Throttled(Refused):
    status = 429
    code = "throttled"
    retry_after = int(_WINDOW.total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Where a sign-in comes from."""

    address: str
    software: str


def attempt(session: Session, username: str, address: str, now: datetime) -> None:
    """Notes an attempt before it is judged, so that many at once are counted too.

    Raises Throttled after too many failures for this name and address, or from this address.
    """
    if session.get_bind().dialect.name == "postgresql":
        # One address after another: transactions that run side by side do not see each other's attempts.
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(address))))
    session.execute(delete(SignInAttempt).where(SignInAttempt.at < now - _WINDOW))
    recent = select(func.count()).select_from(SignInAttempt).where(SignInAttempt.at > now - _WINDOW)
    from_here = recent.where(SignInAttempt.address == address)
    for_name = from_here.where(SignInAttempt.username == username[:_LONGEST_NAME])
    over_name = (session.scalar(for_name) or 0) >= _ATTEMPTS_PER_NAME
    if over_name or (session.scalar(from_here) or 0) >= _ATTEMPTS_PER_ADDRESS:
        raise Throttled("too many failed attempts; wait a quarter of an hour")
    session.add(SignInAttempt(username=username[:_LONGEST_NAME], address=address, at=now))


def forgive(session: Session, username: str, address: str) -> None:
    """The password was right: the attempts of this name and address count no more."""
    session.execute(
        delete(SignInAttempt).where(
            SignInAttempt.username == username[:_LONGEST_NAME], SignInAttempt.address == address
        )
    )


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
    return token


def actor(session: Session, token: str, now: datetime) -> Actor | None:
    """Who holds the token; None when it is unknown, revoked, expired or too long idle."""
    return _who(session, _by_token(session, {"token": _hash(token)}), now)


def actor_of(session: Session, sign_in: UUID, now: datetime) -> Actor | None:
    """The same by the session's id, for tickets."""
    return _who(session, _by_id(session, {"sign_in": sign_in}), now)


def touch(session: Session, sign_in: UUID, now: datetime) -> None:
    """Notes that the session is in use; at most once a minute."""
    _touch(session, {"sign_in": sign_in, "before": now - _SEEN_EVERY, "now": now})


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
    """The person's living sessions, the last used first."""
    return list(session.scalars(_living(now).where(SignIn.user_id == user).order_by(SignIn.seen_at.desc())))


def living(session: Session, user: UUID, now: datetime) -> bool:
    """Whether the person is signed in anywhere."""
    return session.scalars(_living(now).where(SignIn.user_id == user).limit(1)).first() is not None


def at_work(session: Session, now: datetime) -> frozenset[UUID]:
    """Everybody who is signed in."""
    return frozenset(sign_in.user_id for sign_in in session.scalars(_living(now)))


def _living(now: datetime) -> Select[SignIn]:
    return select(SignIn).where(SignIn.revoked_at.is_(None), SignIn.expires_at > now, SignIn.seen_at > now - _IDLE)


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


class Seen:
    """When each session was last noted as in use: once a minute is enough."""

    def __init__(self) -> None:
        self._noted: dict[UUID, float] = {}

    def due(self, sign_in: UUID, mono: float) -> bool:
        """Whether to note it now."""
        every = _SEEN_EVERY.total_seconds()
        if mono - self._noted.get(sign_in, float("-inf")) < every:
            return False
        self._noted = {k: v for k, v in self._noted.items() if mono - v < every} | {sign_in: mono}
        return True


def _who(session: Session, rows: list[Any], now: datetime) -> Actor | None:
    return next((_actor(session, row) for row in rows if _valid(row, now)), None)


def _valid(row: Any, now: datetime) -> bool:
    fresh = row.expires_at > now and now - row.seen_at < _IDLE
    return bool(row.active and row.revoked_at is None and fresh)


def _actor(session: Session, row: Any) -> Actor:
    role = UserRole(row.role)
    return Actor(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        role=role,
        team=row.team_id,
        scopes=read_scopes(teams.scopes(session)[0], role),
        language=row.language,
        session=row.session,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
