"""The audit trail for administrators: read, filtered, checked, taken out as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field
from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, Limit, Line, View, cursor, read_cursor
from callcenter.crm import audit, customers
from callcenter.crm.access import require
from callcenter.crm.models.office import Audit
from callcenter.crm.privacy import chain
from callcenter.crm.rights import Verb
from callcenter.errors import Invalid

_EXPORTED_AT_ONCE: Final = 1000
_COLUMNS: Final = ("at", "actor", "verb", "thing", "thing_id", "details")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class AuditLine(Answer):
    """Who did what to which thing. No line names a customer."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    actor_name: str
    verb: str
    thing: str
    thing_id: str
    details: dict[str, Any]


class AuditPage(Answer):
    items: list[AuditLine]
    next_cursor: str | None


class ChainAnswer(Answer):
    """``head`` is worth writing down: asked for later it proves that nothing up to here was rewritten.

    ``broken_at`` is the first line that does not hold; ``why``: changed, missing or gap.
    """

    whole: bool
    links: int
    head: str
    broken_at: int | None
    why: str
    unsealed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines: empty and None mean any."""

    actor: UUID | None = None
    verb: str = ""
    thing: str = ""
    thing_id: str = ""
    since: datetime | None = None
    before: datetime | None = None


class AuditView(View):
    async def get(  # noqa: PLR0913 - one name a parameter of the query
        self,
        actor_id: UUID | None = None,
        verb: Line = "",
        thing: Line = "",
        thing_id: Line = "",
        since: AwareDatetime | None = None,
        before: AwareDatetime | None = None,
        limit: Limit = 50,
        cursor: Line = "",
    ) -> AuditPage:
        """Lines, the newest first."""
        require(self.request, Verb.READ_AUDIT)
        wanted = Wanted(actor=actor_id, verb=verb, thing=thing, thing_id=thing_id, since=since, before=before)
        after = read_cursor(cursor)
        return await self.request.app[DB].read(lambda s: _page(s, wanted, limit, after))


class ChainView(View):
    async def get(self, head: Annotated[Line, Field(pattern="^([0-9a-f]{64})?$")] = "") -> ChainAnswer:
        """Goes through the whole chain: whether any line was changed, put in or taken out."""
        require(self.request, Verb.READ_AUDIT)
        now = self.request.app[CLOCK].now()
        found = await self.request.app[DB].read(lambda s: chain.check(s, now, head=head))
        return ChainAnswer(
            whole=found.whole,
            links=found.links,
            head=found.head.digest,
            broken_at=found.broken_at,
            why=found.why or ("" if found.head_found else "head_not_found"),
            unsealed=found.unsealed,
        )


async def export(request: web.Request) -> web.StreamResponse:
    """``GET /audit/export``: the lines that the same filters show, as CSV. That somebody took them is a line too."""
    who, db, now = require(request, Verb.READ_AUDIT), request.app[DB], request.app[CLOCK].now()
    wanted = _asked(request)
    await db.write(lambda s: audit.record(s, who, "export", ("audit", ""), now))
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="audit-{now:%Y-%m-%d}.csv"',
    }
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(("\ufeff" + _csv([_COLUMNS])).encode())
    after: customers.PageKey | None = None
    while True:
        rows = await db.study(lambda s: _rows(s, wanted, _EXPORTED_AT_ONCE, after))  # noqa: B023 - awaited in its round
        if not rows:
            return response
        await response.write(_csv(_cells(row) for row in rows).encode())
        after = (rows[-1].at, rows[-1].id)


def _asked(request: web.Request) -> Wanted:
    query = request.query
    try:
        return Wanted(
            actor=UUID(query["actor_id"]) if query.get("actor_id") else None,
            verb=query.get("verb", ""),
            thing=query.get("thing", ""),
            thing_id=query.get("thing_id", ""),
            since=_moment(query.get("since", "")),
            before=_moment(query.get("before", "")),
        )
    except ValueError:
        raise Invalid("some filters are not acceptable", fields={"query": "invalid"}) from None


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text).astimezone() if text else None


def _page(session: Session, wanted: Wanted, limit: int, after: customers.PageKey | None) -> AuditPage:
    rows = _rows(session, wanted, limit + 1, after)
    shown = rows[:limit]
    go_on = cursor(shown[-1].at, shown[-1].id) if len(rows) > limit else None
    return AuditPage(items=[AuditLine.model_validate(row) for row in shown], next_cursor=go_on)


def _rows(session: Session, wanted: Wanted, limit: int, after: customers.PageKey | None) -> list[Audit]:
    found = _filtered(select(Audit), wanted)
    if after:
        found = found.where(tuple_(Audit.at, Audit.id) < customers.key(*after))
    return list(session.scalars(found.order_by(Audit.at.desc(), Audit.id.desc()).limit(limit)))


def _filtered(found: Select[Audit], wanted: Wanted) -> Select[Audit]:
    named = {
        Audit.actor_id: wanted.actor,
        Audit.verb: wanted.verb,
        Audit.thing: wanted.thing,
        Audit.thing_id: wanted.thing_id,
    }
    found = found.where(*(column == value for column, value in named.items() if value))
    found = found.where(Audit.at >= wanted.since) if wanted.since else found
    return found.where(Audit.at < wanted.before) if wanted.before else found


def _cells(row: Audit) -> tuple[str, ...]:
    details = "; ".join(f"{name}: {value}" for name, value in row.details.items())
    cells = (row.at.isoformat(), row.actor_name, row.verb, row.thing, row.thing_id, details)
    return tuple(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)


def _csv(rows: Any) -> str:
    text = io.StringIO()
    lines: Iterator[Any] = iter(rows)
    csv.writer(text).writerows(lines)
    return text.getvalue()


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/audit", AuditView)
    app.router.add_view(f"{ROOT}/audit/chain", ChainView)
    app.router.add_get(f"{ROOT}/audit/export", export)
