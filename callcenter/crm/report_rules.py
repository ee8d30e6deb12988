"""What reports count as short, and what is aimed at: one row of the policies, read where needed."""

from __future__ import annotations

from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy.orm import Session

from callcenter.crm import policy_row

KEY: Final = "reports"
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Short = Annotated[int, Field(ge=0, le=60)]
Percent = Annotated[int, Field(ge=1, le=100)]
Times = Annotated[int, Field(ge=1, le=1000)]


class CodeGoal(BaseModel):
    """So many a day of an outcome."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    code: Name
    count: Times


class Goals(BaseModel):
    """Of an agent's day: calls handled, AHT at most, outcomes by code, call-backs kept in per cent. None: no goal."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    calls: Times | None = None
    aht_s: Annotated[int, Field(ge=1, le=86_400)] | None = None
    callbacks: Percent | None = None
    codes: list[CodeGoal] = Field(default_factory=list, max_length=20)


class PersonGoals(Goals):
    """What one agent aims at otherwise than all: of what he does not name, that of all holds."""

    agent_id: UUID


class QueueAims(BaseModel):
    """Of one queue of a PBX, by name: its own short abandons (None: as all), and its service level in per cent."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    pbx: Name
    queue: Name
    short_abandon_s: Short | None = None
    service_level: Percent | None = None


class ReportPolicy(BaseModel):
    """``short_abandon_s``: who hangs up sooner counts apart, as short, and against nobody. ``service_level``: what
    queues aim at in per cent, ``agents`` what an agent aims at in a day."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    short_abandon_s: Short = 0
    service_level: Percent = 80
    queues: list[QueueAims] = Field(default_factory=list, max_length=500)
    agents: Goals = Goals()
    people: list[PersonGoals] = Field(default_factory=list, max_length=1000)

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({(one.pbx, one.queue) for one in self.queues}) < len(self.queues):
            raise ValueError("a queue is named twice")
        if len({one.agent_id for one in self.people}) < len(self.people):
            raise ValueError("somebody is named twice")
        return self

    def short_of(self, pbx: str, queue: str) -> int:
        own = self._of(pbx, queue)
        return self.short_abandon_s if own is None or own.short_abandon_s is None else own.short_abandon_s

    def level_of(self, pbx: str, queue: str) -> int:
        own = self._of(pbx, queue)
        return self.service_level if own is None or own.service_level is None else own.service_level

    def goals_of(self, agent: UUID) -> Goals:
        """Everybody's, with his own in their place where he has some."""
        own = next((one for one in self.people if one.agent_id == agent), None)
        if own is None:
            return self.agents
        named = own.model_dump(include={"calls", "aht_s", "callbacks"}, exclude_none=True)
        codes = {one.code: one for one in (*self.agents.codes, *own.codes)}
        return self.agents.model_copy(update={**named, "codes": list(codes.values())})

    def _of(self, pbx: str, queue: str) -> QueueAims | None:
        return next((one for one in self.queues if (one.pbx, one.queue) == (pbx, queue)), None)


def read(session: Session) -> ReportPolicy:
    return policy_row.read(session, KEY, ReportPolicy)


def version(session: Session) -> int:
    return policy_row.version(session, KEY)


def write(session: Session, policy: ReportPolicy) -> None:
    policy_row.write(session, KEY, policy)
