"""Whether agents may pause recordings, and for how long at most: one row of the policies."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from callcenter.crm import policy_row

KEY: Final = "recording_pause"


class PausePolicy(BaseModel):
    """``seconds``: after so many the recording goes on by itself; asked for again, they begin anew."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    allowed: bool = True
    seconds: Annotated[int, Field(ge=10, le=900)] = 60


def read(session: Session) -> PausePolicy:
    return policy_row.read(session, KEY, PausePolicy)


def version(session: Session) -> int:
    return policy_row.version(session, KEY)


def write(session: Session, policy: PausePolicy) -> None:
    """This rule from the next pause on."""
    policy_row.write(session, KEY, policy)
