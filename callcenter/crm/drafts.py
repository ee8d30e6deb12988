"""Half-written outcomes in the rows of their segments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Session

from callcenter.crm import hiding_policy
from callcenter.crm.models.calls import SegmentRow
from callcenter.draft import Draft, DraftStep

NONE: Final[Mapping[str, Any]] = MappingProxyType({"draft_outcome": "", "draft_comment": "", "draft_more": None})
"""The columns of a segment of whose outcome nothing is written."""


def written() -> ColumnElement[bool]:
    """Segments of whose outcome anything is written."""
    return or_(SegmentRow.draft_outcome != "", SegmentRow.draft_comment != "", SegmentRow.draft_more.is_not(None))


def keep(session: Session, row: SegmentRow, draft: Draft) -> None:
    """In place of what was written before. A field of the card is kept as it is: so would the card keep it."""
    row.draft_outcome, row.draft_comment = draft.outcome or "", hiding_policy.hide(session, draft.comment)
    step = draft.next_step
    more = {
        "extras": list(draft.extras),
        "card": dict(draft.card),
        "next_step": {"due_at": step.due_at.isoformat(), "by_me": step.by_me} if step else None,
    }
    row.draft_more = more if any(more.values()) else None


def read(row: SegmentRow) -> Draft:
    more = row.draft_more or {}
    step = more.get("next_step")
    return Draft(
        outcome=row.draft_outcome or None,
        comment=row.draft_comment,
        extras=tuple(more.get("extras", ())),
        card=more.get("card", {}),
        next_step=DraftStep(due_at=datetime.fromisoformat(step["due_at"]), by_me=step["by_me"]) if step else None,
    )
