"""What the demo's agents have promised for today, and one thing that they have not kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.crm import tasks

_TODAY: Final = (
    (-40, "callback", "", "Wanted to know whether the parcel has left."),
    (2, "callback", "", "Asked for a call after the meeting."),
    (25, "call", "Offer for twenty boxes", "Sent on Monday; ask whether it fits."),
    (70, "todo", "Send the invoice again", ""),
    (150, "visit", "Sign the contract", "Third floor, ask for the reception."),
)
"""Minutes from now, kind, subject, note."""


def write(session: Session, now: datetime, agents: Sequence[UUID], cards: Sequence[UUID]) -> None:
    """Each agent's day; everybody has other customers."""
    for at, agent in enumerate(agents):
        for nth, (minutes, kind, subject, note) in enumerate(_TODAY):
            due = now + timedelta(minutes=minutes + 3 * at)
            values = {
                "kind": kind,
                "subject": subject,
                "note": note,
                "customer_id": cards[(at * len(_TODAY) + nth) % len(cards)],
                "assignee_id": agent,
                "due_at": due,
                "due_until": due + timedelta(minutes=30) if kind == "callback" else None,
                "remind_at": due if minutes > 0 else None,
            }
            tasks.create(session, values, agent, now - timedelta(hours=3))
