"""A test call as it is told: step by step, each seen, failed with what mends it, or not looked at. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID


class StepName(StrEnum):
    """The way of a customer's call, in the order in which it is looked at."""

    READY = "ready"
    CALLED = "called"
    SEEN = "seen"
    KEPT = "kept"
    QUEUED = "queued"
    RANG = "rang"
    SENT = "sent"
    PAINTED = "painted"
    ANSWERED = "answered"
    OWED = "owed"
    PAUSED = "paused"
    RECORDED = "recorded"
    ENDED = "ended"
    STORED = "stored"
    LOGGED = "logged"
    RELEASED = "released"
    CLEARED = "cleared"


class StepState(StrEnum):
    """``SKIPPED``: not looked at, ``code`` says why."""

    WAITING = "waiting"
    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


OVER: Final = frozenset({StepState.OK, StepState.FAILED, StepState.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``ms``: from what brings it about to its being seen, by our clock. ``code`` is stable and translated by the
    browser, ``remedy`` holds the lines to paste."""

    name: StepName
    state: StepState = StepState.WAITING
    ms: float | None = None
    code: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``did`` and ``context``: where the call enters the PBX, once that is known. ``call``: its row in the record."""

    id: UUID
    pbx: str
    queue: str
    by: str
    agent: str
    started_at: datetime
    ended_at: datetime | None = None
    did: str = ""
    context: str = ""
    call: UUID | None = None
    steps: tuple[Step, ...] = tuple(Step(name=name) for name in StepName)

    @property
    def over(self) -> bool:
        return self.ended_at is not None

    @property
    def ok(self) -> bool:
        """Nothing that was looked at failed."""
        return self.over and not any(step.state is StepState.FAILED for step in self.steps)

    def step(self, name: StepName) -> Step:
        return next(step for step in self.steps if step.name is name)


def told(report: Report, step: Step) -> Report:
    """The report with this step as it is now."""
    return replace(report, steps=tuple(step if old.name is step.name else old for old in report.steps))


def ended(report: Report, at: datetime) -> Report:
    """What nobody has come to will not be looked at any more."""
    steps = tuple(
        step if step.state in OVER else replace(step, state=StepState.SKIPPED, code="not_reached")
        for step in report.steps
    )
    return replace(report, steps=steps, ended_at=at)
