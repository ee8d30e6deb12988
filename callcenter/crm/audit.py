"""The append-only trail: who did what to which thing. Names no customer's data."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from callcenter.crm.models.office import Audit
from callcenter.crm.models.people import User
from callcenter.crm.rights import Actor


def record(
    session: Session, actor: Actor | User | None, verb: str, thing: tuple[str, str], at: datetime, **details: Any
) -> None:
    """Adds a line in the caller's transaction. ``thing`` is its kind and id; ``details`` names fields, not values."""
    kind, thing_id = thing
    session.add(
        Audit(
            at=at,
            actor_id=actor.id if actor else None,
            actor_name=actor.username if actor else "",
            verb=verb,
            thing=kind,
            thing_id=thing_id,
            details=details,
        )
    )
