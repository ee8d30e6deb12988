"""Who works in which queue, and the rules of presence, as people decided them. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from callcenter.counting import QueueKey
from callcenter.roster import AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """``static_desks``: what becomes of a member of queues.conf at a desk that was left. ``removals``: what becomes of
    a member somebody else took out. ``missed_limit``: after so many missed rings in a row an agent is paused, 0 never.
    """

    static_desks: Literal["pause", "leave"] = "pause"
    removals: Literal["undo", "adopt"] = "undo"
    missed_limit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """``kept`` queues have exactly the members we say; who is in the others is decided on the PBX. ``works`` gives each
    agent's penalty in his queues, ``names`` how he is called there."""

    kept: frozenset[QueueKey] = frozenset()
    works: Mapping[AgentId, Mapping[QueueKey, int]] = field(default_factory=dict)
    names: Mapping[AgentId, str] = field(default_factory=dict)
    rules: Rules = Rules()
