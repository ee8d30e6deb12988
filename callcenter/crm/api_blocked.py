"""Blocked numbers: who does not get through, why, and until when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, StringConstraints
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.api import (
    BUS,
    CLOCK,
    DB,
    ROOT,
    SETTINGS,
    Answer,
    Body,
    Limit,
    Line,
    View,
    creates,
    cursor,
    etag,
    expect,
    read_cursor,
)
from callcenter.crm import audit, blocked, once
from callcenter.crm.access import require
from callcenter.crm.blocked import BlockReason
from callcenter.crm.models.customers import PhoneNumber
from callcenter.crm.models.people import User
from callcenter.crm.models.routing import BlockedNumber
from callcenter.crm.rights import Verb
from callcenter.crm.schemas import Person
from callcenter.news import BlocksChanged

_THING = "blocked_number"


class BlockedAnswer(Answer):
    """``until`` null: for good; ``over``: it was blocked until then. ``number`` is as it is dialled, ``display`` as
    people read it."""

    id: UUID
    number: str
    display: str
    reason: BlockReason
    until: datetime | None
    over: bool
    by: Person | None
    created_at: datetime
    version: int


class BlockedList(Answer):
    items: list[BlockedAnswer]
    next_cursor: str | None


class NewBlock(Body):
    number: Annotated[Line, StringConstraints(min_length=3, max_length=60)]
    reason: BlockReason = BlockReason.SPAM
    until: AwareDatetime | None = None


class BlockChange(Body):
    """What is not sent stays; ``until`` null: for good."""

    reason: BlockReason = BlockReason.SPAM
    until: AwareDatetime | None = None


class BlockedView(View):
    async def get(self, number: Line = "", limit: Limit = 50, cursor: Line = "") -> BlockedList:
        """All that are blocked, the newest first; with ``number`` only this one, in any spelling."""
        require(self.request, Verb.BLOCK_NUMBERS)
        now, after = self.request.app[CLOCK].now(), read_cursor(cursor)
        wanted = phone.parse(number, self.request.app[SETTINGS].region) if number.strip() else None
        rows = await self.request.app[DB].read(lambda s: blocked.page(s, limit, after, wanted))
        return BlockedList(items=[_told(*row, now) for row in rows[:limit]], next_cursor=_after(rows, limit))

    @creates
    async def post(self, body: NewBlock) -> BlockedAnswer:
        """Blocks a number, from its next call on."""
        app, who, now = self.request.app, require(self.request, Verb.BLOCK_NUMBERS), self.request.app[CLOCK].now()
        number = phone.parse(body.number, app[SETTINGS].region)

        def make(session: Session) -> UUID:
            made = blocked.block(session, number, body.reason, body.until, (who.id, now))
            said = {"reason": body.reason, "until": body.until.isoformat() if body.until else None}
            audit.record(session, who, "block", (_THING, str(made)), now, **said)
            return made

        made, _ = await once.create(self.request, _THING, make)
        await app[BUS].publish(BlocksChanged())
        return await _read(self, made)


class BlockView(View):
    async def patch(self, block_id: UUID, /, body: BlockChange) -> BlockedAnswer:
        """Says why, or until when."""
        app, who, now = self.request.app, require(self.request, Verb.BLOCK_NUMBERS), self.request.app[CLOCK].now()
        values = body.model_dump(exclude_unset=True)

        def change(session: Session) -> None:
            expect(self.request, blocked.get(session, block_id).version)
            blocked.change(session, block_id, values, now)
            audit.record(session, who, "change", (_THING, str(block_id)), now, fields=sorted(values))

        await app[DB].write(change)
        await app[BUS].publish(BlocksChanged())
        return await _read(self, block_id)

    async def delete(self, block_id: UUID, /) -> None:
        """The number gets through again."""
        app, who, now = self.request.app, require(self.request, Verb.BLOCK_NUMBERS), self.request.app[CLOCK].now()

        def lift(session: Session) -> None:
            blocked.lift(session, block_id)
            audit.record(session, who, "unblock", (_THING, str(block_id)), now)

        await app[DB].write(lift)
        await app[BUS].publish(BlocksChanged())


async def _read(view: View, block_id: UUID) -> BlockedAnswer:
    now = view.request.app[CLOCK].now()

    def read(session: Session) -> BlockedAnswer:
        row = blocked.get(session, block_id)
        by = session.get(User, row.by_id) if row.by_id else None
        return _told(row, session.get_one(PhoneNumber, row.number_id), by, now)

    found = await view.request.app[DB].read(read)
    view.answer_header("ETag", etag(found.version))
    return found


def _told(row: BlockedNumber, number: PhoneNumber, by: User | None, now: datetime) -> BlockedAnswer:
    shown = number.e164 or number.key.removeprefix("raw:")
    return BlockedAnswer(
        id=row.id,
        number=shown,
        display=phone.parse(shown, "ZZ").grouped,
        reason=BlockReason(row.reason),
        until=row.until,
        over=row.until is not None and row.until <= now,
        by=Person.model_validate(by) if by else None,
        created_at=row.created_at,
        version=row.version,
    )


def _after(rows: list[tuple[BlockedNumber, PhoneNumber, User | None]], limit: int) -> str | None:
    return cursor(rows[limit - 1][0].created_at, rows[limit - 1][0].id) if len(rows) > limit else None


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/blocked-numbers", BlockedView)
    app.router.add_view(f"{ROOT}/blocked-numbers/{{block_id}}", BlockView)
