"""What talks are proposed: rules that people decide."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from callcenter.api import Body, Line
from callcenter.crm.models.people import User
from callcenter.crm.models.scores import SamplingDraw, SamplingRule, ScoreForm
from callcenter.crm.rights import Standing, UserRole, Verb, allow
from callcenter.errors import Invalid, NotFound
from callcenter.scoring.forms import Words

LONGEST_S = 86_400
Seconds = Annotated[int, Field(ge=0, le=LONGEST_S)]


class SamplingConditions(Body):
    """What a talk must be; ``""``, null and false ask nothing. ``words``: said in it, as the transcript has it;
    ``unsure``: heard so badly that the transcript is not to be trusted."""

    pbx: Line = ""
    queue: Line = ""
    direction: Literal["", "inbound", "outbound"] = ""
    outcome: Line = ""
    min_talk_s: Seconds = 0
    max_talk_s: Seconds | None = None
    words: Line = ""
    unsure: bool = False


class SamplingRuleBody(Body):
    """``per_agent``: talks of each agent a week. ``evaluator_id`` null: whoever may evaluate the agent."""

    name: Words
    form_id: UUID
    per_agent: Annotated[int, Field(ge=1, le=50)]
    conditions: SamplingConditions = Field(default_factory=SamplingConditions)
    evaluator_id: UUID | None = None
    due_days: Annotated[int, Field(ge=1, le=90)] = 7
    active: bool = True


def every(session: Session) -> list[tuple[SamplingRule, SamplingDraw | None]]:
    """By name, with the last lot of each."""
    other = aliased(SamplingDraw)
    newest = select(func.max(other.week)).where(other.rule_id == SamplingRule.id).scalar_subquery()
    last_one = and_(SamplingDraw.rule_id == SamplingRule.id, SamplingDraw.week == newest)
    found = select(SamplingRule, SamplingDraw).outerjoin(SamplingDraw, last_one)
    return [(rule, last) for rule, last in session.execute(found.order_by(SamplingRule.name))]


def get(session: Session, rule_id: UUID, *, lock: bool = False) -> SamplingRule:
    """Raises NotFound."""
    row = session.get(SamplingRule, rule_id, with_for_update=lock)
    if row is None:
        raise NotFound("there is no such rule")
    return row


def create(session: Session, body: SamplingRuleBody, now: datetime) -> UUID:
    """Raises Invalid, whose fields say what is not there."""
    _check(session, body, None)
    row = SamplingRule(**_values(body), seed=secrets.token_hex(8), created_at=now)
    session.add(row)
    session.flush()
    return row.id


def change(session: Session, row: SamplingRule, body: SamplingRuleBody) -> None:
    """What was drawn before stays. Raises Invalid."""
    _check(session, body, row.id)
    for name, value in _values(body).items():
        setattr(row, name, value)
    row.version += 1
    session.flush()


def conditions(rule: SamplingRule) -> SamplingConditions:
    return SamplingConditions.model_validate(rule.conditions)


def must_evaluate(session: Session, person: UUID | None, field: str) -> None:
    """Raises Invalid where somebody may not evaluate at all."""
    user = session.get(User, person) if person else None
    if person and (user is None or not user.active or not _may(user)):
        raise Invalid("this person evaluates nobody", fields={field: "not_allowed"})


def _may(user: User) -> bool:
    return allow(Standing(id=user.id, role=UserRole(user.role)), Verb.EVALUATE)


def _values(body: SamplingRuleBody) -> dict[str, object]:
    return {**body.model_dump(exclude={"conditions"}), "conditions": body.conditions.model_dump(mode="json")}


def _check(session: Session, body: SamplingRuleBody, known: UUID | None) -> None:
    other = session.scalar(select(SamplingRule.id).where(SamplingRule.name == body.name))
    if other not in (None, known):
        raise Invalid("there is such a rule already", fields={"name": "taken"})
    if session.get(ScoreForm, body.form_id) is None:
        raise Invalid("there is no such form", fields={"form_id": "not_allowed"})
    must_evaluate(session, body.evaluator_id, "evaluator_id")
