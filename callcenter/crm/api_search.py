"""Full-text search over what was said, noted and logged."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, Limit, Line, View, cursor, read_cursor
from callcenter.crm import audit, customers, passage_search, phrases, retro
from callcenter.crm.access import require
from callcenter.crm.passage_search import Asked
from callcenter.crm.passages import EPOCH, moment
from callcenter.crm.rights import Actor, Verb

Began = Annotated[AwareDatetime | None, Field(alias="from")]
Before = Annotated[AwareDatetime | None, Field(alias="to")]
Kind = Literal["said", "note", "outcome"]
Speaker = Literal["customer", "agent", "both"]
_NOBODY: Final = UUID(int=0)
_AROUND: Final = 120


class Piece(Answer):
    """Words of a text; ``hit``: what was looked for. ``sure`` is the least confidence of its words, from 0 to 1."""

    text: str
    hit: bool
    sure: float


class Of(Answer):
    """Whose call or card it is."""

    id: UUID
    name: str


class HitAnswer(Answer):
    """``duration_s`` is the length of the recording, ``at_s`` the second of it at which the first word that was looked
    for is said. ``author`` wrote it; ``cut``: the text begins before, or ends behind, the pieces."""

    kind: Kind
    at: datetime
    call_id: UUID | None
    recording_id: UUID | None
    duration_s: float
    at_s: float
    speaker: Literal["", "customer", "agent", "both"]
    author: str
    customer: Of | None
    pieces: list[Piece]
    cut_before: bool
    cut_after: bool


class HitsAnswer(Answer):
    """A page may be short, or empty, and yet not the last: ``next_cursor`` says whether there may be more."""

    items: list[HitAnswer]
    next_cursor: str | None


class SearchView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        q: Line,
        kind: Kind | None = None,
        speaker: Speaker | None = None,
        agent: UUID | None = None,
        queue: Line = "",
        pbx: Line = "",
        outcome: Line = "",
        customer: UUID | None = None,
        from_: Began = None,
        to_: Before = None,
        limit: Limit = 20,
        cursor: Line = "",
    ) -> HitsAnswer:
        """Words in transcripts, notes and outcomes, the newest first. ``"…"`` is a phrase, ``word*`` a beginning."""
        who = require(self.request, Verb.LISTEN)
        asked = Asked(phrases=tuple(phrases.asked(q)), kind=kind, speaker=speaker, agent=agent, queue=queue)
        more = {"pbx": pbx, "outcome": outcome, "began": from_, "before": to_}
        return await _hits(self.request, who, (asked, more, customer), (limit, cursor))


async def _hits(
    request: web.Request, who: Actor, wanted: tuple[Asked, dict[str, Any], UUID | None], place: tuple[int, str]
) -> HitsAnswer:
    (asked, more, customer), (limit, began) = wanted, place
    after = read_cursor(began)
    since = moment(after[0]) if after and after[0] else None

    def read(session: Session) -> HitsAnswer:
        cards = retro.family(session, customers.get(session, customer, who).id) if customer else ()
        rows, go_on = passage_search.page(session, replace(asked, **more, cards=cards), who, limit, since)
        at = EPOCH + timedelta(microseconds=go_on) if go_on is not None else None
        return HitsAnswer(
            items=[hit(row, asked.phrases) for row in rows], next_cursor=cursor(at, _NOBODY) if at else None
        )

    found = await request.app[DB].read(read)
    if heard := {str(one.recording_id) for one in found.items if one.recording_id}:
        now = request.app[CLOCK].now()
        await request.app[DB].write(lambda s: _note(s, who, heard, now))
    return found


def _note(session: Session, who: Actor, recordings: set[str], now: datetime) -> None:
    """Words of a talk that are shown are read, though only some."""
    for one in sorted(recordings):
        audit.record(session, who, "read_transcript", ("recording", one), now, by="search")


def hit(row: Any, wanted: tuple[phrases.Phrase, ...]) -> HitAnswer:
    """A row of the search as people read it: the words looked for with those around them."""
    text, marks = phrases.composed(row.text), phrases.hits(row.text, wanted)
    start = _edge(text, marks[0][0] - _AROUND, 0) if marks else 0
    end = _edge(text, (marks[0][1] if marks else 0) + _AROUND, len(text))
    spans = [(a, b) for a, b in marks if a >= start and b <= end]
    said = _timed(row.words or [])
    return HitAnswer(
        kind=row.kind,
        at=EPOCH + timedelta(microseconds=row.moment),
        call_id=row.call_id,
        recording_id=row.recording_id,
        duration_s=row.duration_s,
        at_s=next((one["start_s"] for a, b, one in said if marks and b > marks[0][0]), 0.0),
        speaker=row.speaker,
        author=row.author or "",
        customer=Of(id=row.customer_id, name=row.customer_name) if row.customer_id else None,
        pieces=_pieces(text, (start, end), spans, said),
        cut_before=start > 0,
        cut_after=end < len(text),
    )


def _pieces(
    text: str, part: tuple[int, int], spans: list[tuple[int, int]], said: list[tuple[int, int, dict[str, Any]]]
) -> list[Piece]:
    cuts = [part[0], *(place for span in spans for place in span), part[1]]
    found = [(a, b, n % 2 == 1) for n, (a, b) in enumerate(pairwise(cuts)) if a < b]
    return [Piece(text=text[a:b], hit=marked, sure=_sure(said, a, b)) for a, b, marked in found]


def _sure(said: list[tuple[int, int, dict[str, Any]]], start: int, end: int) -> float:
    return min((float(one["confidence"]) for a, b, one in said if a < end and b > start), default=1.0)


def _timed(words: list[dict[str, Any]]) -> list[tuple[int, int, dict[str, Any]]]:
    """Each spoken word and where it stands in the text, which is the words with a space between them."""
    found, at = [], 0
    for word in words:
        length = len(phrases.composed(str(word["text"])))
        found.append((at, at + length, word))
        at += length + 1
    return found


def _edge(text: str, place: int, end: int) -> int:
    """That place, or where the word begins or ends that it would cut."""
    if not 0 < place < len(text):
        return end
    if end == 0:
        return text.rfind(" ", 0, place) + 1
    behind = text.find(" ", place)
    return behind if behind >= 0 else len(text)


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/search", SearchView)
