"""Supervisors who sat in on talks, as rows; and the rules about it, one row of the policies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.crm import policy_row, sessions, teams, visible
from callcenter.crm.models.floor import SitInRow
from callcenter.crm.models.people import User
from callcenter.crm.rights import Standing, UserRole, Verb, allow, read_scopes

KEY: Final = "sit_ins"


class SitInPolicy(BaseModel):
    """``tell_agent``: an agent sees who listens to him from the moment he does; whisper and barge he sees anyway.
    ``after_decline``: also talks whose customer did not want to be recorded may be listened to."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    tell_agent: bool = True
    after_decline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What of a sit-in changes while it goes on."""

    phone: str
    modes: Sequence[tuple[str, datetime]]
    reason: str
    began_at: datetime | None
    ended_at: datetime | None


def read(session: Session) -> SitInPolicy:
    return policy_row.read(session, KEY, SitInPolicy)


def version(session: Session) -> int:
    return policy_row.version(session, KEY)


def write(session: Session, policy: SitInPolicy) -> None:
    policy_row.write(session, KEY, policy)


def allowed(session: Session, pairs: Collection[tuple[UUID, UUID]], now: datetime) -> set[tuple[UUID, UUID]]:
    """Of supervisors and agents, those where the one is signed in and may sit in on the other's talks."""
    scopes = teams.scopes(session)[0]
    return {
        (by, agent) for by, agent in pairs if _may(session, by, agent, scopes) and sessions.living(session, by, now)
    }


def keep(session: Session, sit_in: UUID, kept: Kept) -> None:
    """How it stands."""
    modes = [[mode, at.isoformat()] for mode, at in kept.modes]
    session.execute(
        update(SitInRow)
        .where(SitInRow.id == sit_in)
        .values(phone=kept.phone, modes=modes, reason=kept.reason, began_at=kept.began_at, ended_at=kept.ended_at)
    )


def unfinished(session: Session) -> list[SitInRow]:
    """Those that went on when the service last ended."""
    return list(session.scalars(select(SitInRow).where(SitInRow.ended_at.is_(None))))


def give_up(session: Session, reason: str, now: datetime) -> None:
    """Those are over; nobody knows since when."""
    session.execute(update(SitInRow).where(SitInRow.ended_at.is_(None)).values(reason=reason, ended_at=now))


def of_call(session: Session, call: UUID, *, untold: bool) -> list[SitInRow]:
    """Those that came to something, by time; ``untold``: also those of which the agent was not told."""
    found = session.scalars(
        select(SitInRow).where(SitInRow.call_id == call, SitInRow.began_at.is_not(None)).order_by(SitInRow.began_at)
    )
    return [row for row in found if untold or row.told or any(mode != "listen" for mode, _ in row.modes)]


def _may(session: Session, by: UUID, agent: UUID, scopes: object) -> bool:
    user = session.get(User, by)
    if user is None or not user.active:
        return False
    role = UserRole(user.role)
    standing = Standing(id=user.id, role=role, team=user.team_id, scopes=read_scopes(scopes, role))
    return allow(standing, Verb.SIT_IN, visible.part(session, agent))
