"""The demo's law: everything is decided, so that calls are recorded; everybody has read the notice."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.people import User
from callcenter.crm.privacy import policies, staff
from callcenter.crm.privacy.policies import Terms
from callcenter.crm.privacy.rules import How, Mode, Notice, Place, PlaceKind

_PLACES: Final = (
    Place(scope=PlaceKind.QUEUE, queue="support"),
    Place(scope=PlaceKind.QUEUE, queue="sales"),
    Place(scope=PlaceKind.DIRECT),
    Place(scope=PlaceKind.OUTBOUND),
)
_TERMS: Final = Terms(
    mode=Mode.FORCED,
    notice=Notice(
        text="This call is recorded for quality and training. Say so if you do not want that.", how=How.AGENT
    ),
    keep_days=90,
    contact="privacy@example.com",
)


def settle_in(session: Session, pbx: str, now: datetime, begun: datetime) -> None:
    """Rules for every place, in force since ``begun``, and a notice that all have confirmed."""
    notice = staff.publish(session, staff.PROPOSED, None, now)
    for user in session.scalars(select(User)):
        staff.acknowledge(session, user.id, notice.version, user.language, now)
    for place in _PLACES:
        policies.put(session, pbx, place, _TERMS, begun)
