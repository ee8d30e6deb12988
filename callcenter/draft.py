"""An outcome as its agent has it half written: what his form shows again after a reload, and in every tab. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftStep:
    """The call back that he is about to promise: by himself, or by anybody."""

    due_at: datetime
    by_me: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Its code, if one was picked, and the comment so far; ``extras``: codes beside the primary one; ``card``: what he
    wrote into fields of the card that a code asks for."""

    outcome: str | None = None
    comment: str = ""
    extras: tuple[str, ...] = ()
    card: Mapping[str, str] = field(default_factory=dict)
    next_step: DraftStep | None = None
