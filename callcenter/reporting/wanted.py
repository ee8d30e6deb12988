"""What is asked of a report."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from callcenter.reporting.spans import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Empty words and None narrow nothing. ``short_s``: an abandon after less counts as short, None: as
    the rules of its queue say."""

    span: Span
    queue: str = ""
    pbx: str = ""
    agent: UUID | None = None
    form: UUID | None = None
    short_s: float | None = None
