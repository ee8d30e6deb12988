"""The rules about tasks that people decide: one row of the policies, read where needed, so a change counts at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.office import Policy
from callcenter.crm.statement import Statement

KEY: Final = "tasks"
Minutes = Annotated[int, Field(ge=1, le=7 * 24 * 60)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


_find: Final = Statement(lambda _: select(Policy.value).where(Policy.key == KEY))


class TaskPolicy(BaseModel):
    """``callback_minutes``: until when a missed caller is called back; ``queues`` says otherwise for some, by name.

    ``claim_minutes``: how long a claim holds when nothing is done. ``missed_days``: how old a missed call may be, when
    it is told late, and still make a task.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    callback_minutes: Minutes = 30
    queues: dict[Name, Minutes] = Field(default_factory=dict, max_length=500)
    claim_minutes: Minutes = 10
    missed_days: Annotated[int, Field(ge=1, le=60)] = 3

    def call_back_within(self, queue: str) -> timedelta:
        return timedelta(minutes=self.queues.get(queue, self.callback_minutes))

    @property
    def claim(self) -> timedelta:
        return timedelta(minutes=self.claim_minutes)


def read(session: Session) -> TaskPolicy:
    """The rules now; the first ones where nobody decided, or where a newer version wrote what this one cannot read."""
    rows = _find(session, {})
    try:
        return TaskPolicy.model_validate(rows[0].value) if rows else TaskPolicy()
    except ValidationError:
        return TaskPolicy()


def version(session: Session) -> int:
    """0 before anybody decided."""
    row = session.get(Policy, KEY)
    return row.version if row else 0


def write(session: Session, policy: TaskPolicy) -> None:
    """These rules from now on."""
    row = session.get(Policy, KEY, with_for_update=True)
    if row is None:
        session.add(Policy(key=KEY, value=policy.model_dump(mode="json")))
    else:
        row.value, row.version = policy.model_dump(mode="json"), row.version + 1
    session.flush()
