"""What a pop shows of a customer: a value, read once per ring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

CustomerId = UUID


class Match(StrEnum):
    """How sure a number is to mean this customer."""

    KNOWN = "known"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """What a person is to an organisation."""

    organisation: str
    role: str
    owner_id: UUID | None = None
    team_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A customer in brief. ``provisional``: born of a call, nobody has written anything on it yet."""

    id: CustomerId
    kind: str
    name: str
    organisation: str
    status: str
    vip: bool
    provisional: bool
    numbers: tuple[str, ...]
    last_contact_at: datetime | None
    last_agent: str
    last_outcome: str
    calls: int
    works_for: tuple[Tie, ...] = ()
    owner_id: UUID | None = None
    team_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One of the customers a number may mean; ``reason`` is a translation key, the ranking is the order."""

    card: Card
    match: Match
    reason: str
