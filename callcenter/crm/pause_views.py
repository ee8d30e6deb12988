"""Pauses of recordings as the API tells them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import Answer
from callcenter.crm.models.calls import PauseRow
from callcenter.crm.models.people import User
from callcenter.recording_events import PauseEnd


class PauseAnswer(Answer):
    """A time of which the recordings keep nothing. ``by``: the agent's name; ``to_at`` and ``ended`` null while it
    lasts, until ``until`` at the latest."""

    from_at: datetime
    to_at: datetime | None
    until: datetime
    by: str
    ended: PauseEnd | None


def of_calls(session: Session, calls: Sequence[UUID]) -> dict[UUID, list[PauseAnswer]]:
    """Those that were begun, by call, in order."""
    rows = session.execute(
        select(PauseRow, User.display_name, User.username)
        .join(User, User.id == PauseRow.by_id)
        .where(PauseRow.call_id.in_(calls), PauseRow.ended != PauseEnd.FAILED)
        .order_by(PauseRow.call_id, PauseRow.seq)
    )
    found: dict[UUID, list[PauseAnswer]] = defaultdict(list)
    for row, name, username in rows:
        found[row.call_id].append(
            PauseAnswer(
                from_at=row.from_at,
                to_at=row.to_at,
                until=row.until,
                by=name or username,
                ended=PauseEnd(row.ended) if row.ended else None,
            )
        )
    return found
