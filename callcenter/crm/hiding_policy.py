"""What people decided to hide beside card numbers, and what becomes of the sound: one row of the policies."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from callcenter.crm import hiding, pattern_bounds, policy_row
from callcenter.crm.pattern_bounds import LONGEST, Unbounded
from callcenter.errors import Invalid

KEY: Final = "hiding"
Name = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]


class PatternRule(BaseModel):
    """A regular expression with bounds (``crm/pattern_bounds.py``), and what people call what it finds."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Name
    pattern: Text


class Hiding(BaseModel):
    """``originals``: the file that was recorded is kept beside the one that is played, or replaced by it. ``unheard``:
    what no engine has heard yet is played all the same, or waits."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    patterns: list[PatternRule] = Field(default_factory=list, max_length=50)
    originals: Literal["keep", "replace"] = "keep"
    unheard: Literal["play", "wait"] = "play"

    def compiled(self) -> list[re.Pattern[str]]:
        """Raises Invalid, whose fields say which patterns are not taken, and why."""
        found, wrong = [], {}
        for at, rule in enumerate(self.patterns):
            try:
                found.append(pattern_bounds.compiled(rule.pattern))
            except Unbounded as why:
                wrong[f"patterns.{at}.pattern"] = str(why)
        if wrong:
            raise Invalid("a pattern is not taken", fields=wrong)
        return found


def read(session: Session) -> Hiding:
    return policy_row.read(session, KEY, Hiding)


def version(session: Session) -> int:
    return policy_row.version(session, KEY)


def write(session: Session, policy: Hiding) -> None:
    """Raises Invalid."""
    policy.compiled()
    policy_row.write(session, KEY, policy)


def hide(session: Session, text: str) -> str:
    """What somebody wrote, as it may be kept."""
    return hiding.written(text, read(session).compiled())
