"""Wallboards that show themselves: each has a token, made and revoked by supervisors, kept as a digest."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.floor import DisplayRow
from callcenter.crm.models.people import User
from callcenter.errors import NotFound

PREFIX: Final = "ccd_"
_SEEN_EVERY: Final = timedelta(minutes=1)


def new() -> str:
    """Nobody can guess it, and whoever finds one can see what it is for."""
    return PREFIX + secrets.token_urlsafe(32)


def make(session: Session, row: DisplayRow, token: str) -> UUID:
    """The display, which from now on is opened by the token."""
    row.digest = _digest(token)
    session.add(row)
    session.flush()
    return row.id


def revoke(session: Session, display: UUID, now: datetime) -> None:
    """It shows nothing any more. Raises NotFound."""
    row = session.get(DisplayRow, display)
    if row is None:
        raise NotFound("there is no such display")
    row.revoked_at = row.revoked_at or now


def opened(session: Session, token: str) -> DisplayRow | None:
    """The display that a token opens; None where it is nobody's, or no longer."""
    good = select(DisplayRow).where(DisplayRow.digest == _digest(token), DisplayRow.revoked_at.is_(None))
    return session.scalars(good).first() if token.startswith(PREFIX) else None


def seen(session: Session, display: UUID, address: str, now: datetime) -> None:
    """Notes that it shows itself, and where."""
    row = session.get_one(DisplayRow, display)
    row.used_at, row.used_from = now, address


def stale(row: DisplayRow, address: str, now: datetime) -> bool:
    """Whether that is to be noted: once a minute, and when it is another place."""
    return row.used_at is None or now - row.used_at > _SEEN_EVERY or row.used_from != address


def every(session: Session) -> Sequence[tuple[DisplayRow, User]]:
    """Those that are in use, then the revoked ones; the newest first. Who made each."""
    rows = session.execute(
        select(DisplayRow, User)
        .join(User, User.id == DisplayRow.by_id)
        .order_by(DisplayRow.revoked_at.is_not(None), DisplayRow.made_at.desc())
    )
    return [(row, user) for row, user in rows]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
