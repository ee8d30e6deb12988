"""A member of a queue as it is seen. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OURS: Final = "callcenter"
"""Pauses whose reason begins so were set by us or by our dialplan."""
IN_USE: Final = frozenset({2, 3, 6, 7, 8})
"""Device states of a phone that rings or talks: INUSE, BUSY, RINGING, RINGINUSE, ONHOLD."""
AWAY: Final = frozenset({4, 5})
"""Device states of a phone that cannot be rung: INVALID, UNAVAILABLE."""
DOUBTFUL: Final = AWAY | {0}
"""Those, and UNKNOWN. From any other state to any other, nothing is told of whether the phone can be rung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A member in one queue. Until ``trusted_until`` what we asked for counts, not what was sent before it took effect
    (kept in ``told``)."""

    queue: str
    interface: str
    paused: bool
    reason: str
    state_interface: str
    status: int
    since: float
    trusted_until: float = 0.0
    told: bool | None = None
    dynamic: bool = False
    penalty: int = 0

    @property
    def ours(self) -> bool:
        return self.paused and self.reason.startswith(OURS)

    @property
    def open(self) -> bool:
        """Whether the queue's next call may ring here."""
        return not self.paused and self.status not in IN_USE and self.reachable

    @property
    def reachable(self) -> bool:
        return self.status not in AWAY
