"""At which hour of the call center recordings are counted against calls: one row of the policies. Pure but for rows."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from callcenter.crm import policy_row

KEY: Final = "recording_tally"


class TallyPolicy(BaseModel):
    """``hour`` is local to the call center."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    hour: Annotated[int, Field(ge=0, le=23)] = 2

    def due(self, now: datetime, zone: tzinfo | None) -> datetime:
        """When the count that is due, or was made last, began."""
        local = now.astimezone(zone)
        at = local.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        return (at if at <= local else at - timedelta(days=1)).astimezone(now.tzinfo)

    def next_at(self, now: datetime, zone: tzinfo | None) -> datetime:
        """When the next one begins."""
        due = self.due(now, zone).astimezone(zone)
        return (due + timedelta(days=1)).astimezone(now.tzinfo)


def read(session: Session) -> TallyPolicy:
    return policy_row.read(session, KEY, TallyPolicy)


def version(session: Session) -> int:
    return policy_row.version(session, KEY)


def write(session: Session, policy: TallyPolicy) -> None:
    """From the next night on."""
    policy_row.write(session, KEY, policy)
