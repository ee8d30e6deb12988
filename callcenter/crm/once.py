"""Creating posts that may be sent twice: ``Idempotency-Key`` makes the second one answer what the first one made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from aiohttp import web
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB
from callcenter.crm.access import actor
from callcenter.crm.models.office import Idempotency
from callcenter.errors import Invalid

_LONGEST: Final = 200


async def create(request: web.Request, kind: str, make: Callable[[Session], UUID]) -> tuple[UUID, bool]:
    """The id of what ``make`` made, now or under the same key before; and whether it was now."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > _LONGEST:
        raise Invalid("the Idempotency-Key is too long", fields={"Idempotency-Key": "too_long"})
    user, now = actor(request).id, request.app[CLOCK].now()

    def once(session: Session) -> tuple[UUID, bool]:
        return _once(session, make, (user, f"{kind} {key}" if key else ""), now)

    db = request.app[DB]
    try:
        return await db.write(once)
    except IntegrityError:
        # Somebody made the same at the same moment: the second look finds it.
        return await db.write(once)


def _once(session: Session, make: Callable[[Session], UUID], key: tuple[UUID, str], now: datetime) -> tuple[UUID, bool]:
    if not key[1]:
        return make(session), True
    if known := session.get(Idempotency, key):
        return known.thing_id, False
    made = make(session)
    session.add(Idempotency(user_id=key[0], key=key[1], thing_id=made, at=now))
    session.flush()
    return made, True
