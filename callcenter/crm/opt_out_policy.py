"""What a caller's wish not to be recorded does to what was recorded before it: one row of the policies."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from callcenter.crm import policy_row

KEY: Final = "recording_opt_out"


class OptOutPolicy(BaseModel):
    """``recorded``: drop what was recorded of the call so far, or keep it up to that moment. Nothing that was said
    after it is kept, and no text is made of any of it. ``agents``: whether they have a button for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    agents: bool = True
    recorded: Literal["drop", "keep"] = "drop"


def read(session: Session) -> OptOutPolicy:
    return policy_row.read(session, KEY, OptOutPolicy)


def version(session: Session) -> int:
    return policy_row.version(session, KEY)


def write(session: Session, policy: OptOutPolicy) -> None:
    """This rule for what is stored from now on."""
    policy_row.write(session, KEY, policy)
