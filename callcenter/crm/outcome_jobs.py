"""What an outcome leaves to be done later, by kind of job."""

from __future__ import annotations

from collections.abc import Mapping

from callcenter.clock import Clock
from callcenter.crm.outcome_effects import CLEAR, TELL
from callcenter.crm.outcome_hooks import Hooks
from callcenter.crm.spam_cards import SpamCards
from callcenter.db import Database
from callcenter.jobs import Work


def of(db: Database, clock: Clock) -> Mapping[str, Work]:
    return {TELL: Hooks(db, clock).job, CLEAR: SpamCards(db, clock).job}
