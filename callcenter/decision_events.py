"""What people decide of a call, and rules for them: what came of it, when that is logged and by whom, whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from callcenter.of_call import OfCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What was promised to the customer with an outcome: a call from ``due_at`` on, until ``due_until`` at the latest.

    ``zone`` is the customer's (IANA). ``assignee`` None: whoever is free.
    """

    due_at: datetime
    due_until: datetime | None
    zone: str
    note: str
    assignee: UUID | None
    remind_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLogged(OfCall):
    """An agent (or a supervisor for him) settled what came of the talk. Ours, not the PBX's. ``extras``: codes beside
    the primary one."""

    segment: int
    outcome: UUID
    by: UUID
    comment: str
    extras: tuple[UUID, ...] = ()
    promise: Promise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLapsed(OfCall):
    """The time that the agent had for the outcome is up; ``outcome`` is the code that says so."""

    segment: int
    outcome: UUID


class PutOff(StrEnum):
    """Why an outcome is logged later: its agent wants it so, a colleague took it over, or his queue was released."""

    AGENT = "agent"
    HANDED = "handed"
    RELEASE = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeDeferred(OfCall):
    """What is owed by the agent need not be logged before his next call. ``holder`` logs it, ``note`` is for him."""

    segment: int
    by: UUID
    why: PutOff
    holder: UUID
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeDue(OfCall):
    """What was put off is owed again by whoever talked."""

    segment: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeWaived(OfCall):
    """A supervisor let an agent off with a reason."""

    segment: int
    by: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentClaimed(OfCall):
    """An agent said that a talk on a phone nobody was signed in at was his."""

    segment: int
    agent: UUID
    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChosen(OfCall):
    """A person decided whose call this is."""

    customer: UUID
    by: UUID


Decision: TypeAlias = (
    OutcomeLogged | OutcomeLapsed | OutcomeDeferred | OutcomeDue | OutcomeWaived | SegmentClaimed | CustomerChosen
)
