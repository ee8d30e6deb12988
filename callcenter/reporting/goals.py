"""How far an agent has come today with what he aims at. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from callcenter.counting import Work
from callcenter.crm.report_rules import Goals
from callcenter.reporting.promises import Kept

Goal: TypeAlias = Literal["calls", "code", "callbacks", "aht_s"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An agent's day so far; ``codes``: how often he logged what."""

    work: Work = field(default_factory=Work)
    kept: Kept = field(default_factory=Kept)
    codes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """``goal``: calls, aht_s, callbacks, or code with its ``code``. ``share`` from 0 to 1 fills the bar; None, like
    ``value``, where nothing is counted yet."""

    goal: Goal
    target: float
    value: float | None
    share: float | None
    met: bool
    code: str = ""


def progress(goals: Goals, done: Done) -> list[Progress]:
    """Each goal there is, in the order in which they are shown."""
    return list(_all(goals, done))


def _all(goals: Goals, done: Done) -> Iterator[Progress]:
    if goals.calls is not None:
        yield _up("calls", done.work.handled, goals.calls)
    for one in goals.codes:
        yield _up("code", done.codes.get(one.code, 0), one.count, one.code)
    if goals.callbacks is not None:
        rate = done.kept.rate
        met = rate is None or 100 * rate >= goals.callbacks
        yield Progress(goal="callbacks", target=goals.callbacks / 100, value=rate, share=rate, met=met)
    if goals.aht_s is not None:
        aht = done.work.aht_s
        share = None if aht is None else min(1.0, goals.aht_s / aht) if aht else 1.0
        yield Progress(goal="aht_s", target=goals.aht_s, value=aht, share=share, met=aht is None or aht <= goals.aht_s)


def _up(goal: Goal, value: int, target: int, code: str = "") -> Progress:
    return Progress(
        goal=goal, target=target, value=value, share=min(1.0, value / target), met=value >= target, code=code
    )
