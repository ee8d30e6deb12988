"""What people wished of a call's recording, and what its caller was told, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.call import Call, Told, Wished
from callcenter.crm import audit
from callcenter.crm.models.calls import WishRow
from callcenter.crm.models.privacy import CallNotice, RecordingNotice
from callcenter.crm.upsert import upsert
from callcenter.recording_events import NoticeResult, Wish


def save(session: Session, before: Call | None, after: Call) -> None:
    """Writes what is new. A text that nobody wrote here is not kept: the PBX may name what it likes."""
    for seq, wish in enumerate(after.wishes):
        if before is None or wish not in before.wishes:
            values: dict[str, Any] = {"wish": wish.wish, "at": wish.at, "by_id": wish.by, "file": wish.file}
            upsert(session, WishRow, {"call_id": after.id, "seq": seq}, values)
    for told in after.notices:
        known = before is not None and told in before.notices
        if not known and session.get(RecordingNotice, told.notice) is not None:
            session.merge(CallNotice(call_id=after.id, notice_id=told.notice, at=told.at, result=told.result))


def note_decline(session: Session, before: Call | None, after: Call, now: datetime) -> None:
    """Puts on the trail that the caller himself declined; what an agent did is noted with his name."""
    own = [one for one in after.wishes if one.wish is Wish.DECLINE and one.by is None]
    if own and (before is None or own[0] not in before.wishes):
        audit.record(session, None, "decline_recording", ("call", str(after.id)), now, how="key")


def wishes(session: Session, call: UUID) -> tuple[Wished, ...]:
    """All of a call, in order."""
    rows = session.scalars(select(WishRow).where(WishRow.call_id == call).order_by(WishRow.seq))
    return tuple(Wished(wish=Wish(row.wish), at=row.at, by=row.by_id, file=row.file) for row in rows)


def declined(session: Session, call: UUID) -> bool:
    """Whether its caller does not want it recorded."""
    found = select(WishRow.id).where(WishRow.call_id == call, WishRow.wish == Wish.DECLINE)
    return session.scalar(found.limit(1)) is not None


def told(session: Session, call: UUID) -> tuple[Told, ...]:
    """What the PBX played."""
    rows = session.scalars(select(CallNotice).where(CallNotice.call_id == call, CallNotice.result != ""))
    return tuple(Told(notice=row.notice_id, at=row.at, result=NoticeResult(row.result)) for row in rows if row.at)
