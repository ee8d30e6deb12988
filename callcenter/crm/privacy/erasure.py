"""Erasing a person: rows at once in one transaction, files by a job that stands in the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, Text, cast, delete, func, select
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.clock import Clock
from callcenter.crm import passages, sounds
from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.models.listening import CommentRow, OutlineRow, RenditionRow
from callcenter.crm.models.privacy import ErasureRow
from callcenter.crm.models.transcripts import Transcript, Utterance
from callcenter.crm.privacy import holds, keeping, person
from callcenter.crm.privacy.files import Files, Words
from callcenter.db import Database
from callcenter.errors import Refused
from callcenter.tables import Base

KIND: Final = "erase_files"
_AGAIN_AFTER: Final = timedelta(minutes=1)


class Reason(StrEnum):
    """Why: a word of ours, because people write names into free text."""

    REQUEST = "request"
    NO_LONGER_NEEDED = "no_longer_needed"
    UNLAWFUL = "unlawful"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted: ``reference`` names the file in which the request is kept. ``by`` None: the night."""

    customer: UUID
    reason: Reason
    reference: str = ""
    by: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an erasure would touch: rows by table, and recordings. ``digest`` names exactly this."""

    rows: Mapping[str, int]
    recordings: int
    recorded_s: float
    held: bool
    open: bool
    digest: str


def preview(session: Session, customer: UUID) -> Preview:
    """Raises NotFound."""
    found = person.find(session, customer)
    rows, recordings = person.count(session, found), person.recordings(session, found)
    told = f"{sorted(rows.items())} {[str(row.id) for row in recordings]} {found.cards}"
    return Preview(
        rows=rows,
        recordings=len(recordings),
        recorded_s=sum(row.duration_s for row in recordings),
        held=holds.holding(session, found.cards, found.calls),
        open=person.open_matters(session, found),
        digest=hashlib.sha256(told.encode()).hexdigest()[:32],
    )


def erase(session: Session, order: Order, now: datetime) -> UUID:
    """Takes the person out of every table; the erasure's id. Raises NotFound, Refused while held or not settled."""
    found = person.find(session, order.customer)
    if holds.holding(session, found.cards, found.calls):
        raise Refused("a legal hold is on it", code="legal_hold")
    if person.open_matters(session, found):
        raise Refused("a call goes on, or its outcome is owed", code="still_open")
    recordings = person.recordings(session, found)
    pending = {
        "keys": sounds.keys(session, recordings),
        "paths": [(row.pbx, row.path) for row in recordings],
        "numbers": list(found.words.numbers),
        "names": list(found.words.names),
    }
    bury(session, recordings, str(order.reason), now)
    rows = person.wipe(session, found)
    made = ErasureRow(
        customer_id=order.customer,
        reason=order.reason,
        reference=order.reference,
        by_id=order.by,
        at=now,
        report={"rows": {**rows, **({"recordings": len(recordings)} if recordings else {})}},
        pending=pending,
    )
    session.add(made)
    session.flush()
    passages.press(session)
    jobs.enqueue(session, KIND, {"erasure": str(made.id)}, at=now + _AGAIN_AFTER)
    return made.id


def bury(session: Session, recordings: list[RecordingRow], why: str, now: datetime) -> None:
    """Leaves of each recording only that it was there, how long it was, and why it is gone."""
    sounds.drop(session, sounds.keys(session, recordings), now)
    gone = [row.id for row in recordings]
    for beside in (Utterance, Transcript, OutlineRow, CommentRow, RenditionRow):
        session.execute(delete(beside).where(beside.recording_id.in_(gone)))
    for row in recordings:
        row.state, row.erased_at, row.erased_why = "erased", now, why
        row.store_key, row.error, row.silent = "", "", []


class Eraser:
    """What is left to do when the rows are gone. Safe to repeat: a job does it again where it was cut off."""

    def __init__(self, db: Database, clock: Clock, files: Files) -> None:
        self._db = db
        self._clock = clock
        self._files = files

    async def job(self, args: Mapping[str, Any]) -> None:
        await self.finish(UUID(args["erasure"]))

    async def finish(self, erasure: UUID) -> None:
        """Removes the person's files and says what was left. Raises Unavailable to be tried again."""
        row = await self._db.read(lambda s: s.get_one(ErasureRow, erasure))
        if row.done_at:
            return
        left = row.pending
        words = Words(numbers=tuple(left["numbers"]), names=tuple(left["names"]))
        audio = await self._files.drop(left["keys"])
        pbx = await self._files.drop_on_pbx(left["paths"])
        blotted = await self._files.blot(words)
        files = {"audio": audio, "pbx_files": pbx.gone, "journal_places": blotted}
        if pbx.left:
            files["pbx_files_left"] = pbx.left
        await self._db.write(lambda s: _close(s, erasure, files, self._clock.now()))
        remains = await self._db.read(lambda s: still_there(s, words.numbers))
        await self._db.write(lambda s: _report(s, erasure, {"remains": remains}))


def still_there(session: Session, numbers: tuple[str, ...]) -> dict[str, int]:
    """Columns in which a number still stands, with how many rows: on another person's card, or in what an agent wrote
    there. Nobody but a person can decide about those."""
    found: dict[str, int] = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if numbers and isinstance(column.type, Text | JSON):
                text = cast(column, Text)
                hit = text.contains(numbers[0], autoescape=True)
                for number in numbers[1:]:
                    hit |= text.contains(number, autoescape=True)
                rows = session.scalar(select(func.count()).select_from(table).where(hit)) or 0
                found.update({f"{table.name}.{column.name}": rows} if rows else {})
    return found


def pbx_too(session: Session) -> bool:
    """Whether the PBX's own files go too when ours do."""
    return keeping.load(session).pbx_files == "delete"


def _close(session: Session, erasure: UUID, files: dict[str, int], now: datetime) -> None:
    """Of two that did it at once each removed some of the PBX's files."""
    row = session.get_one(ErasureRow, erasure, with_for_update=True)
    if row.done_at:
        before = row.report["files"]
        blotted = max(before["journal_places"], files["journal_places"])
        files = {**files, "pbx_files": before["pbx_files"] + files["pbx_files"], "journal_places": blotted}
    row.done_at, row.pending, row.report = now, {}, {**row.report, "files": files}


def _report(session: Session, erasure: UUID, more: dict[str, Any]) -> None:
    row = session.get_one(ErasureRow, erasure, with_for_update=True)
    row.report = {**row.report, **more}
