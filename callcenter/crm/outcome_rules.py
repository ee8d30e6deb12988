"""What is owed for which talks, as people decided it: one row of the policies, read again whenever it is changed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.call import OutcomeState
from callcenter.crm import policy_row, releases
from callcenter.crm.code_rules import MOST_EXTRAS, Offer
from callcenter.crm.models.calls import SegmentRow
from callcenter.crm.models.outcomes import OutcomeCode, OutcomeRow
from callcenter.events import Direction
from callcenter.terms import (
    REMEMBERED,
    SHORT_CALL,
    TIMED_OUT,
    Afterwards,
    Demand,
    Given,
    OutcomeRules,
    Terms,
    Then,
)

KEY: Final = "outcome_rules"
LONGEST_S: Final = 600
MOST_DEFERRALS: Final = 20
MOST_SHORT: Final = 1000
REFUSAL_SOUND: Final = "cannot-complete-as-dialed&info-about-last-call"
NOT_CALLED_SOUND: Final = "im-sorry&cannot-complete-as-dialed&do-not-disturb"
LONGEST_LIMIT_S: Final = 3600
SHORTEST_LIMIT_S: Final = 5
_LIMITED: Final = frozenset({Demand.TIMED, Demand.FULL})
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Sound = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z/_.&-]{1,200}$")]
Branch = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class OutcomeRule(BaseModel):
    """``demand``: how much an outcome is asked for (off, optional, mandatory; timed: mandatory for ``limit_s`` seconds,
    then automatic and the agent ``afterwards`` freed or kept; full: mandatory, and free after ``limit_s`` at the
    earliest). A talk of less than ``under_s`` seconds is short (0: none is); ``then`` says what is owed for it: the
    outcome as for any talk, an outcome that is given and marked as automatic, or nothing. ``branches``: the codes and
    groups that are offered, empty for all; ``extras``: how many codes an outcome may have beside its primary one."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    demand: Demand = Demand.MANDATORY
    limit_s: Annotated[int, Field(ge=0, le=LONGEST_LIMIT_S)] = 0
    afterwards: Afterwards = Afterwards.FREED
    under_s: Annotated[int, Field(ge=0, le=LONGEST_S)] = 0
    then: Then = Then.OWE
    branches: Annotated[list[Branch], Field(max_length=50)] = Field(default_factory=list)
    extras: Annotated[int, Field(ge=0, le=MOST_EXTRAS)] = 0

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if self.demand in _LIMITED and self.limit_s < SHORTEST_LIMIT_S:
            raise ValueError("this needs a time limit")
        return self

    def value(self) -> Terms:
        return Terms(
            under_s=self.under_s,
            then=self.then,
            demand=self.demand,
            limit_s=self.limit_s,
            afterwards=self.afterwards,
        )

    def offer(self) -> Offer:
        """What an agent may choose from."""
        return Offer(branches=frozenset(self.branches), extras=self.extras)


class QueueRule(OutcomeRule):
    """The rule of one queue of a PBX, by name."""

    pbx: Name
    queue: Name


class OutcomeRulesBody(BaseModel):
    """``direct``: calls to somebody's own number, and those an agent passed on to him; ``outbound``: outgoing ones. A
    queue that is not named owes as usual. ``deferrals``: how many outcomes an agent may put off at a time.
    ``short_per_hour``: how many outcomes for short talks a rule gives an agent; for more he owes the form.
    ``desk_phones``: whether who owes may dial out on his desk phone; else he hears ``refusal_sound``. Whoever dials
    there a number that is not to be called hears ``not_called_sound``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    queues: list[QueueRule] = Field(default_factory=list, max_length=500)
    direct: OutcomeRule = OutcomeRule()
    outbound: OutcomeRule = OutcomeRule()
    deferrals: Annotated[int, Field(ge=0, le=MOST_DEFERRALS)] = 3
    short_per_hour: Annotated[int, Field(ge=0, le=MOST_SHORT)] = 3
    desk_phones: Literal["free", "refused"] = "free"
    refusal_sound: Sound = REFUSAL_SOUND
    not_called_sound: Sound = NOT_CALLED_SOUND

    def of(self, pbx: str, queue: str, direction: str) -> OutcomeRule:
        """The rule for a talk."""
        if direction == Direction.OUTBOUND:
            return self.outbound
        usual = OutcomeRule() if queue else self.direct
        return next((rule for rule in self.queues if (rule.pbx, rule.queue) == (pbx, queue)), usual)

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({(rule.pbx, rule.queue) for rule in self.queues}) < len(self.queues):
            raise ValueError("a queue is named twice")
        return self


def read(session: Session) -> OutcomeRulesBody:
    return policy_row.read(session, KEY, OutcomeRulesBody)


def version(session: Session) -> int:
    return policy_row.version(session, KEY)


def write(session: Session, policy: OutcomeRulesBody) -> None:
    policy_row.write(session, KEY, policy)


def rules(session: Session) -> OutcomeRules:
    """The same as calls are judged by them."""
    policy = read(session)
    found = select(OutcomeCode.code, OutcomeCode.id).where(OutcomeCode.code.in_([SHORT_CALL, TIMED_OUT]))
    codes = {row.code: row.id for row in session.execute(found)}
    return OutcomeRules(
        queues={(rule.pbx, rule.queue): rule.value() for rule in policy.queues},
        direct=policy.direct.value(),
        outbound=policy.outbound.value(),
        short=codes.get(SHORT_CALL),
        timed_out=codes.get(TIMED_OUT),
        most_short=policy.short_per_hour,
        released=releases.every(session),
    )


def given(session: Session, now: datetime, agent: UUID | None = None) -> Given:
    """The outcomes that a rule has given for short talks lately, to everybody or to one."""
    found = (
        select(SegmentRow.agent_id, SegmentRow.call_id, func.max(SegmentRow.ended_at))
        .join(OutcomeRow, OutcomeRow.segment_id == SegmentRow.id)
        .join(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        .where(SegmentRow.outcome_state == OutcomeState.AUTOMATIC, OutcomeCode.code == SHORT_CALL)
        .where(SegmentRow.ended_at > now - REMEMBERED, SegmentRow.agent_id.is_not(None))
        .group_by(SegmentRow.agent_id, SegmentRow.call_id)
    )
    if agent:
        found = found.where(SegmentRow.agent_id == agent)
    return Given().and_then([(agent, end) for agent, _, end in session.execute(found) if agent and end], now)
