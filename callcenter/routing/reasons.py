"""Why agents are kept from queue calls, as rows: they outlive the service, and what overwrites a pause in the PBX."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callcenter.crm.models.desks import PauseReason
from callcenter.crm.upsert import upsert
from callcenter.routing.floor import Reason, ReasonKind


def read(session: Session) -> list[Reason]:
    """All that stood when the service last ended."""
    return [
        Reason(agent=row.agent_id, kind=ReasonKind(row.reason), ref=row.ref, since=row.since)
        for row in session.scalars(select(PauseReason))
    ]


def write(session: Session, added: Iterable[Reason], lifted: Iterable[Reason]) -> None:
    """Keeps the reasons that were added and deletes those that were lifted."""
    for reason in lifted:
        found = (PauseReason.agent_id == reason.agent, PauseReason.reason == reason.kind, PauseReason.ref == reason.ref)
        session.execute(delete(PauseReason).where(*found))
    for reason in added:
        natural = {"agent_id": reason.agent, "reason": reason.kind, "ref": reason.ref}
        upsert(session, PauseReason, natural, {"since": reason.since})
