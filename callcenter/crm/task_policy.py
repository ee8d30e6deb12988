"""The rules about tasks that people decide: one row of the policies, read where needed, so a change counts at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from callcenter.crm import policy_row

KEY: Final = "tasks"
Minutes = Annotated[int, Field(ge=1, le=7 * 24 * 60)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class QueueClock(BaseModel):
    """The same for one queue of a PBX, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    pbx: Name
    queue: Name
    minutes: Minutes


class TaskPolicy(BaseModel):
    """``callback_minutes``: until when a missed caller is called back; ``queues`` says otherwise for some.

    ``claim_minutes``: how long a claim holds when nothing is done. ``missed_days``: how old a missed call may be, when
    it is told late, and still make a task.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    callback_minutes: Minutes = 30
    queues: list[QueueClock] = Field(default_factory=list, max_length=500)
    claim_minutes: Minutes = 10
    missed_days: Annotated[int, Field(ge=1, le=60)] = 3

    def call_back_within(self, pbx: str, queue: str) -> timedelta:
        own = (rule.minutes for rule in self.queues if (rule.pbx, rule.queue) == (pbx, queue))
        return timedelta(minutes=next(own, self.callback_minutes))

    @property
    def claim(self) -> timedelta:
        return timedelta(minutes=self.claim_minutes)


def read(session: Session) -> TaskPolicy:
    return policy_row.read(session, KEY, TaskPolicy)


def version(session: Session) -> int:
    return policy_row.version(session, KEY)


def write(session: Session, policy: TaskPolicy) -> None:
    policy_row.write(session, KEY, policy)
