"""What is owed for short talks, as people decided it: one row of the policies, read again whenever it is changed."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm import policy_row
from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.owing import SHORT_CALL, Short, ShortCalls, Then

KEY: Final = "short_calls"
LONGEST_S: Final = 600
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ShortRule(BaseModel):
    """A talk of less than ``under_s`` seconds is short (0: none is); ``then`` says what is owed for it: the outcome as
    for any talk, an outcome that is given and marked as automatic, or nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    under_s: Annotated[int, Field(ge=0, le=LONGEST_S)] = 0
    then: Then = Then.OWE

    def value(self) -> Short:
        return Short(under_s=self.under_s, then=self.then)


class QueueRule(ShortRule):
    """The rule of one queue of a PBX, by name."""

    pbx: Name
    queue: Name


class ShortCallPolicy(BaseModel):
    """``direct``: calls to somebody's own number, and those an agent passed on to him; ``outbound``: outgoing ones. A
    queue that is not named owes as usual."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    queues: list[QueueRule] = Field(default_factory=list, max_length=500)
    direct: ShortRule = ShortRule()
    outbound: ShortRule = ShortRule()

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({(rule.pbx, rule.queue) for rule in self.queues}) < len(self.queues):
            raise ValueError("a queue is named twice")
        return self


def read(session: Session) -> ShortCallPolicy:
    return policy_row.read(session, KEY, ShortCallPolicy)


def version(session: Session) -> int:
    return policy_row.version(session, KEY)


def write(session: Session, policy: ShortCallPolicy) -> None:
    policy_row.write(session, KEY, policy)


def rules(session: Session) -> ShortCalls:
    """The same as calls are judged by them."""
    policy = read(session)
    return ShortCalls(
        queues={(rule.pbx, rule.queue): rule.value() for rule in policy.queues},
        direct=policy.direct.value(),
        outbound=policy.outbound.value(),
        outcome=session.scalar(select(OutcomeCode.id).where(OutcomeCode.code == SHORT_CALL)),
    )
