"""Which figures of agents' work somebody is to look at: one row of the policies, read again at every look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy.orm import Session

from callcenter.crm import policy_row

KEY: Final = "review"
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Seconds = Annotated[int, Field(ge=1, le=3600)]
Times = Annotated[int, Field(ge=1, le=1000)]
Percent = Annotated[int, Field(ge=1, le=100)]


class TalkLimits(BaseModel):
    """``hung_up_s``: an agent who hangs up on a customer sooner counts. ``wrapup_s``: the budget; a wrap-up over twice
    as long counts. None: it does not."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    hung_up_s: Seconds | None = 10
    wrapup_s: Seconds | None = 120


class QueueTalks(TalkLimits):
    """The limits of one queue of a PBX, by name, in place of those of all."""

    pbx: Name
    queue: Name


class ShortestTalk(BaseModel):
    """An outcome that takes a talk of so many seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    code: Name
    seconds: Seconds


class ReviewPolicy(BaseModel):
    """``hung_up_times``, ``wrapup_times``: so many a day are looked at. ``short_calls``: so many outcomes that were
    given for short talks. ``one_code_percent``: one outcome for so many of an agent's talks of a queue in a week, of
    ``one_code_least`` or more, where of his colleagues' it is less by ``one_code_apart`` points. None: no such rule.
    ``keep_days``: what was found is gone after so long."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    all: TalkLimits = TalkLimits()
    queues: list[QueueTalks] = Field(default_factory=list, max_length=500)
    codes: list[ShortestTalk] = Field(default_factory=list, max_length=200)
    hung_up_times: Times = 3
    wrapup_times: Times = 3
    short_calls: Times | None = 6
    one_code_percent: Percent | None = 80
    one_code_least: Annotated[int, Field(ge=5, le=1000)] = 20
    one_code_apart: Percent = 30
    keep_days: Annotated[int, Field(ge=7, le=730)] = 180

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({(one.pbx, one.queue) for one in self.queues}) < len(self.queues):
            raise ValueError("a queue is named twice")
        if len({one.code for one in self.codes}) < len(self.codes):
            raise ValueError("an outcome is named twice")
        return self

    def of(self, pbx: str, queue: str) -> TalkLimits:
        return next((one for one in self.queues if (one.pbx, one.queue) == (pbx, queue)), self.all)

    @property
    def shortest(self) -> Mapping[str, int]:
        """Seconds by code."""
        return {one.code: one.seconds for one in self.codes}


def read(session: Session) -> ReviewPolicy:
    return policy_row.read(session, KEY, ReviewPolicy)


def version(session: Session) -> int:
    return policy_row.version(session, KEY)


def write(session: Session, policy: ReviewPolicy) -> None:
    policy_row.write(session, KEY, policy)
