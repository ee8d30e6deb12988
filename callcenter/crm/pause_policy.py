"""Whether agents may pause recordings, and for how long at most: one row of the policies."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from callcenter.crm.models.office import Policy

KEY: Final = "recording_pause"


class PausePolicy(BaseModel):
    """``seconds``: after so many the recording goes on by itself; asked for again, they begin anew."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    allowed: bool = True
    seconds: Annotated[int, Field(ge=10, le=900)] = 60


def read(session: Session) -> PausePolicy:
    """The rule now; the first one where nobody decided, or where a newer version wrote what this one cannot read."""
    row = session.get(Policy, KEY)
    try:
        return PausePolicy.model_validate(row.value) if row else PausePolicy()
    except ValidationError:
        return PausePolicy()


def version(session: Session) -> int:
    """0 before anybody decided."""
    row = session.get(Policy, KEY)
    return row.version if row else 0


def write(session: Session, policy: PausePolicy) -> None:
    """This rule from the next pause on."""
    row = session.get(Policy, KEY, with_for_update=True)
    if row is None:
        session.add(Policy(key=KEY, value=policy.model_dump(mode="json")))
    else:
        row.value, row.version = policy.model_dump(mode="json"), row.version + 1
    session.flush()
