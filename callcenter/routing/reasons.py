"""Why agents are kept from queue calls, as rows: they outlive the service, and what overwrites a pause in the PBX.

What was lifted becomes history: how long which break took is asked for at the end of the month.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from callcenter.crm.models.desks import PauseReason, PauseTaken
from callcenter.crm.upsert import table_of, upsert
from callcenter.routing.why import Reason, ReasonKind
from callcenter.statement import Statement

_lift: Final = Statement(
    lambda _: delete(table_of(PauseReason)).where(
        PauseReason.agent_id == bindparam("agent"),
        PauseReason.reason == bindparam("kind"),
        PauseReason.ref == bindparam("name"),
    )
)


def read(session: Session) -> list[Reason]:
    """All that stood when the service last ended."""
    return [
        Reason(
            agent=row.agent_id,
            kind=ReasonKind(row.reason),
            ref=row.ref,
            since=row.since,
            code=row.code,
            note=row.note,
            by=row.by_id,
            until=row.until,
        )
        for row in session.scalars(select(PauseReason))
    ]


Over: TypeAlias = tuple[Reason, datetime]
"""A reason that stood until then."""


def write(session: Session, added: Iterable[Reason], lifted: Iterable[Reason], over: Iterable[Over]) -> None:
    """Keeps the reasons that were added, deletes those that were lifted, notes how long those that are over stood."""
    for reason in lifted:
        _lift(session, {"agent": reason.agent, "kind": reason.kind, "name": reason.ref})
    for reason in added:
        natural = {"agent_id": reason.agent, "reason": reason.kind, "ref": reason.ref}
        values = {"since": reason.since, "code": reason.code, "note": reason.note}
        values |= {"by_id": reason.by, "until": reason.until}
        upsert(session, PauseReason, natural, values)
    session.add_all(_taken(reason, until) for reason, until in over)


def _taken(reason: Reason, until: datetime) -> PauseTaken:
    return PauseTaken(
        agent_id=reason.agent,
        reason=reason.kind,
        code=reason.code,
        queue=reason.queue,
        since=reason.since,
        until=max(until, reason.since),
    )
