"""What a listener has beside the sound: the waveform, comments pinned to moments, and the trail of what was heard."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from obstore.exceptions import BaseError as StoreError
from pydantic import Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, Body, Prose, View, creates
from callcenter.crm import audit, hiding_policy, once
from callcenter.crm.access import actor
from callcenter.crm.models.listening import CommentRow
from callcenter.crm.models.people import User
from callcenter.crm.rights import Actor, UserRole
from callcenter.errors import Forbidden, NotFound, Unavailable
from callcenter.recording import outlines
from callcenter.recording.api import STORE, audible, readable
from callcenter.recording.hearing import Stretch, together
from callcenter.recording.hushed import flat

Seconds = Annotated[float, Field(ge=0, le=7 * 86_400)]


class PeaksAnswer(Answer):
    """``peaks``: for each channel, the loudest of every ``bar_s`` seconds, 0 to 255. Of two, the customer is first.
    ``version`` names the bytes they belong to, and ``silent`` are the stretches nobody may hear."""

    recording_id: UUID
    duration_s: float
    bar_s: float
    peaks: list[list[int]]
    version: str
    silent: list[tuple[float, float]]


class CommentBody(Body):
    at_s: Seconds
    text: Annotated[Prose, StringConstraints(min_length=1, max_length=2000)]


class CommentAnswer(Answer):
    """``mine``: the reader may take it back."""

    id: UUID
    at_s: float
    text: str
    author: str
    created_at: datetime
    mine: bool


class Comments(Answer):
    items: list[CommentAnswer]


class HeardStretch(Body):
    from_s: Seconds
    to_s: Seconds


class HeardBody(Body):
    """Stretches that were played, in any order."""

    stretches: Annotated[list[HeardStretch], Field(min_length=1, max_length=200)]


class PeaksView(View):
    async def get(self, recording_id: UUID, /) -> PeaksAnswer:
        """The waveform; measured once, and flat where nothing may be heard."""
        row, sound = await audible(self.request, recording_id)
        app = self.request.app
        try:
            found = await outlines.find(app[DB], app[STORE], row)
        except (StoreError, OSError) as wrong:
            raise Unavailable("the recording store does not answer", code="store_unavailable") from wrong
        self.answer_header("Cache-Control", "private, no-cache")
        size = len(found.bars) // found.channels
        voices = (found.bars[at * size : (at + 1) * size] for at in range(found.channels))
        told = {"recording_id": row.id, "duration_s": row.duration_s, "bar_s": found.bar_s, "silent": row.silent}
        peaks = [list(flat(bars, found.bar_s, row.silent)) for bars in voices]
        return PeaksAnswer.model_validate({**told, "peaks": peaks, "version": sound.version})


class CommentsView(View):
    async def get(self, recording_id: UUID, /) -> Comments:
        """What listeners said, by moment."""
        row, who = await readable(self.request, recording_id), actor(self.request)
        return await self.request.app[DB].read(lambda s: Comments(items=_comments(s, row.id, who)))

    @creates
    async def post(self, recording_id: UUID, /, body: CommentBody) -> CommentAnswer:
        """Pins words to a moment. At most once for each Idempotency-Key."""
        (row, _), who = await audible(self.request, recording_id), actor(self.request)
        app, now = self.request.app, self.request.app[CLOCK].now()

        def write(session: Session) -> UUID:
            words = hiding_policy.hide(session, body.text)
            made = CommentRow(recording_id=row.id, author_id=who.id, text=words, created_at=now)
            made.at_s = min(body.at_s, row.duration_s)
            session.add(made)
            session.flush()
            audit.record(session, who, "comment", ("recording", str(row.id)), now, comment=str(made.id))
            return made.id

        comment, _ = await once.create(self.request, f"comment {recording_id}", write)
        found = await app[DB].read(lambda s: _comments(s, row.id, who))
        return next(one for one in found if one.id == comment)


class CommentView(View):
    async def delete(self, recording_id: UUID, comment_id: UUID, /) -> None:
        """Takes back one's own words; an administrator also those of others."""
        row, who = await readable(self.request, recording_id), actor(self.request)
        now = self.request.app[CLOCK].now()

        def write(session: Session) -> None:
            found = session.get(CommentRow, comment_id)
            if found is None or found.recording_id != row.id:
                raise NotFound("there is no such comment")
            if not _may_take_back(who, found):
                raise Forbidden("only who said it may take it back")
            session.delete(found)
            audit.record(session, who, "uncomment", ("recording", str(row.id)), now, comment=str(comment_id))

        await self.request.app[DB].write(write)


class HeardView(View):
    async def post(self, recording_id: UUID, /, body: HeardBody) -> None:
        """What a player played. The trail has a line of its own for it, beside the one of the sound's delivery."""
        (row, _), who = await audible(self.request, recording_id), actor(self.request)
        now = self.request.app[CLOCK].now()
        told = (Stretch(start_s=one.from_s, end_s=one.to_s) for one in body.stretches)
        heard = together(told, row.duration_s)
        if not heard:
            return
        seconds = round(sum(one.end_s - one.start_s for one in heard))
        parts = [str(one) for one in heard]
        await self.request.app[DB].write(
            lambda s: audit.record(s, who, "heard", ("recording", str(row.id)), now, parts=parts, seconds=seconds)
        )


def _comments(session: Session, recording: UUID, reader: Actor) -> list[CommentAnswer]:
    rows = session.execute(
        select(CommentRow, User.display_name, User.username)
        .join(User, User.id == CommentRow.author_id)
        .where(CommentRow.recording_id == recording)
        .order_by(CommentRow.at_s, CommentRow.id)
    )
    return [
        CommentAnswer(
            id=row.id,
            at_s=row.at_s,
            text=row.text,
            author=name or username,
            created_at=row.created_at,
            mine=_may_take_back(reader, row),
        )
        for row, name, username in rows
    ]


def _may_take_back(who: Actor, row: CommentRow) -> bool:
    return who.id == row.author_id or who.role is UserRole.ADMIN


def add_routes(app: web.Application) -> None:
    here = f"{ROOT}/recordings/{{recording_id}}"
    app.router.add_view(f"{here}/peaks", PeaksView)
    app.router.add_view(f"{here}/comments", CommentsView)
    app.router.add_view(f"{here}/comments/{{comment_id}}", CommentView)
    app.router.add_view(f"{here}/heard", HeardView)
