"""Tokens with which PBXs send recordings: made and revoked by administrators, kept as digests."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.people import User
from callcenter.crm.models.uploads import UploadToken
from callcenter.errors import NotFound

PREFIX: Final = "ccu_"
_SEEN_EVERY: Final = timedelta(minutes=1)


def new() -> str:
    """Nobody can guess it, and whoever finds one in a file can see what it is for."""
    return PREFIX + secrets.token_urlsafe(32)


def make(session: Session, token: str, pbx: str, by: UUID, now: datetime) -> UUID:
    row = UploadToken(pbx=pbx, digest=_digest(token), made_at=now, by_id=by)
    session.add(row)
    session.flush()
    return row.id


def revoke(session: Session, pbx: str, token: UUID, now: datetime) -> None:
    """Raises NotFound."""
    row = session.get(UploadToken, token)
    if row is None or row.pbx != pbx:
        raise NotFound("there is no such token")
    row.revoked_at = row.revoked_at or now


def pbx_of(session: Session, token: str) -> str:
    """Whose token it is; "" where it is nobody's, or no longer."""
    found = _good(session, token)
    return found.pbx if found else ""


def seen(session: Session, token: str, now: datetime) -> None:
    """Notes that it was used, once a minute at most."""
    found = _good(session, token)
    if found and (found.used_at is None or now - found.used_at > _SEEN_EVERY):
        found.used_at = now


def every(session: Session, pbx: str) -> Sequence[tuple[UploadToken, str]]:
    """Of a PBX, the newest first, with the names of those who made them."""
    rows = session.execute(
        select(UploadToken, User.display_name, User.username)
        .join(User, User.id == UploadToken.by_id)
        .where(UploadToken.pbx == pbx)
        .order_by(UploadToken.made_at.desc())
    )
    return [(row, name or username) for row, name, username in rows]


def _good(session: Session, token: str) -> UploadToken | None:
    good = select(UploadToken).where(UploadToken.digest == _digest(token), UploadToken.revoked_at.is_(None))
    return session.scalars(good).first() if token.startswith(PREFIX) else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
