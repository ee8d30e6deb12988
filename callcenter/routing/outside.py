"""What the gate works with, and the news it gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import TypeAlias

from callcenter.bus import Bus
from callcenter.call import Call, Changed
from callcenter.clock import Clock
from callcenter.db import Database
from callcenter.events import CallEvent, CallKey
from callcenter.health import Health
from callcenter.roster import AgentId
from callcenter.terms import NO_RULES, OutcomeRules

Send: TypeAlias = Callable[[Mapping[str, str], float], Awaitable[Sequence[Mapping[str, str]]]]
"""``Feed.send``: an action and its timeout. Raises Unavailable, with code ``pbx_refused`` when the PBX answers no."""
Take: TypeAlias = Callable[[CallEvent], Awaitable[Changed | None]]


def _always(_pbx: str) -> float:
    return inf


def _usual() -> OutcomeRules:
    return NO_RULES


def _ours(_pbx: str) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """``send`` by PBX; ``live``, ``take``, ``heard`` and ``rules`` are the ledger's; ``region`` reads numbers of a
    PBX's unseen calls; ``holds``: the gate of a PBX is ours, and no other installation's."""

    db: Database
    bus: Bus
    clock: Clock
    health: Health
    take: Take
    live: Callable[[], Mapping[CallKey, Call]]
    send: Mapping[str, Send]
    region: Callable[[str], str]
    heard: Callable[[str], float] = _always
    rules: Callable[[], OutcomeRules] = _usual
    holds: Callable[[str], bool] = _ours


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipUndone:
    """Somebody else took a member out of a queue in which he works; he was put back."""

    pbx: str
    at: datetime
    interface: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpauseUndone:
    """Somebody else unpaused a member who is held; the gate paused it again."""

    pbx: str
    at: datetime
    interface: str
    agent: AgentId | None
