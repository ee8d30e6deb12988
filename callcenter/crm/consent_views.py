"""What a caller was told of being recorded, and what people wished of it, as the API tells them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import Answer
from callcenter.crm.models.calls import WishRow
from callcenter.crm.models.people import User
from callcenter.crm.models.privacy import CallNotice, RecordingNotice, RecordingPolicy
from callcenter.crm.privacy.rules import How, PlaceKind
from callcenter.recording_events import NoticeResult, Wish


class NoticeAnswer(Answer):
    """What the caller was told; ``queue`` is empty for direct and outgoing calls, of the scope did the number he
    dialled. ``result``: what the PBX told of the announcement ``at`` that moment; null: it was told by somebody else.
    """

    scope: PlaceKind
    queue: str
    version: int
    text: str
    how: How
    sound: str
    result: NoticeResult | None
    at: datetime | None


class WishAnswer(Answer):
    """``by`` "": the caller himself, by a key."""

    wish: Wish
    at: datetime
    by: str


def notices(session: Session, calls: Sequence[UUID]) -> dict[UUID, list[NoticeAnswer]]:
    """By call."""
    rows = session.execute(
        select(CallNotice, RecordingNotice, RecordingPolicy.scope, RecordingPolicy.queue)
        .join(RecordingNotice, RecordingNotice.id == CallNotice.notice_id)
        .join(RecordingPolicy, RecordingPolicy.id == RecordingNotice.policy_id)
        .where(CallNotice.call_id.in_(calls))
        .order_by(CallNotice.at, RecordingPolicy.queue)
    )
    found: dict[UUID, list[NoticeAnswer]] = defaultdict(list)
    for told, notice, scope, queue in rows:
        found[told.call_id].append(
            NoticeAnswer(
                scope=PlaceKind(scope),
                queue=queue,
                version=notice.version,
                text=notice.text,
                how=How(notice.how),
                sound=notice.sound,
                result=NoticeResult(told.result) if told.result else None,
                at=told.at,
            )
        )
    return found


def wishes(session: Session, calls: Sequence[UUID]) -> dict[UUID, list[WishAnswer]]:
    """By call, in order."""
    rows = session.execute(
        select(WishRow, User.display_name, User.username)
        .outerjoin(User, User.id == WishRow.by_id)
        .where(WishRow.call_id.in_(calls))
        .order_by(WishRow.call_id, WishRow.seq)
    )
    found: dict[UUID, list[WishAnswer]] = defaultdict(list)
    for row, name, username in rows:
        found[row.call_id].append(WishAnswer(wish=Wish(row.wish), at=row.at, by=name or username or ""))
    return found
