"""When the floor raises an alarm: one row of the policies, read again whenever it is changed."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy.orm import Session

from callcenter.crm import policy_row

KEY: Final = "alarms"
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Seconds = Annotated[int, Field(ge=1, le=86_400)]
Count = Annotated[int, Field(ge=1, le=10_000)]


class QueueLimits(BaseModel):
    """An alarm where a caller waits longer than ``longest_wait_s``, where more than ``waiting`` wait, where of those of
    the last interval fewer than ``service_level`` per cent were answered in time or more than ``abandoned`` gave up,
    and where fewer than ``ready`` agents could answer. None: no such alarm."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    longest_wait_s: Seconds | None = None
    waiting: Count | None = None
    service_level: Annotated[int, Field(ge=1, le=100)] | None = None
    abandoned: Count | None = None
    ready: Count | None = None


class OneQueue(QueueLimits):
    """The limits of one queue of a PBX, by name, in place of those of all."""

    pbx: Name
    queue: Name


_USUAL: Final = QueueLimits(longest_wait_s=120, waiting=5, service_level=60, abandoned=5)


class AlarmPolicy(BaseModel):
    """``wrapup_s``: an agent's wrap-up that is longer hides him. ``link_down_s``: a PBX that is not heard for longer.
    ``interval_min``: over which service level and abandoned are counted. ``settle_s``: how long something lasts before
    it is raised, and how long it is well again before it is lifted."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    all: QueueLimits = _USUAL
    queues: list[OneQueue] = Field(default_factory=list, max_length=500)
    wrapup_s: Seconds | None = 240
    link_down_s: Seconds | None = 30
    interval_min: Annotated[int, Field(ge=1, le=240)] = 30
    settle_s: Annotated[int, Field(ge=0, le=600)] = 5

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({(one.pbx, one.queue) for one in self.queues}) < len(self.queues):
            raise ValueError("a queue is named twice")
        return self

    def of(self, pbx: str, queue: str) -> QueueLimits:
        return next((one for one in self.queues if (one.pbx, one.queue) == (pbx, queue)), self.all)


def read(session: Session) -> AlarmPolicy:
    return policy_row.read(session, KEY, AlarmPolicy)


def version(session: Session) -> int:
    return policy_row.version(session, KEY)


def write(session: Session, policy: AlarmPolicy) -> None:
    policy_row.write(session, KEY, policy)
