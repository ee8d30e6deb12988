"""The one who looks through agents' work, and his routes."""

from __future__ import annotations

from callcenter.bus import Bus
from callcenter.clock import Clock
from callcenter.db import Database
from callcenter.news import ReviewRulesChanged
from callcenter.reviewing.api import add_routes
from callcenter.reviewing.watch import Reviewer

__all__ = ["Reviewer", "add_routes", "make"]


def make(db: Database, clock: Clock, bus: Bus) -> Reviewer:
    reviewer = Reviewer(db, clock)
    bus.on(ReviewRulesChanged, reviewer.rules_changed)
    return reviewer
