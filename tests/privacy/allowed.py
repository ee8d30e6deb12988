"""What must be decided before anything is kept, decided."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.people import User
from callcenter.crm.privacy import policies, staff
from callcenter.crm.privacy.policies import Terms
from callcenter.crm.privacy.rules import How, Mode, Notice, Place, PlaceKind

TERMS = Terms(
    mode=Mode.FORCED, notice=Notice(text="We record.", how=How.AGENT), keep_days=30, contact="privacy@example.com"
)
QUEUES = ("support", "sales")


def places(queues: Iterable[str] = QUEUES) -> list[Place]:
    return [
        *(Place(scope=PlaceKind.QUEUE, queue=q) for q in queues),
        Place(scope=PlaceKind.DIRECT),
        Place(scope=PlaceKind.OUTBOUND),
    ]


def tell_staff(session: Session, now: datetime) -> None:
    """The notice is in force, and all who are there have read it."""
    notice = staff.publish(session, {"en": "We record and watch."}, None, now)
    for user in session.scalars(select(User)):
        staff.acknowledge(session, user.id, notice.version, "en", now)


def allow_recording(session: Session, now: datetime, pbx: str = "main", queues: Iterable[str] = QUEUES) -> None:
    """Everything may be recorded."""
    tell_staff(session, now)
    for place in places(queues):
        policies.put(session, pbx, place, TERMS, now)
