"""The newest passages with the words, out of the index, whoever may see them.

SQLite's index is in the order of time. PostgreSQL's is not: it gives all there are. So each passage bears, as words
that nobody can say, the spans of time it is in, and a common word is asked for together with spans that grow from the
newest one back. How many there may be is asked of the planner first: what is rare is taken from the index at once.
Spans and words are conditions of their own: only conditions skip to each other's next passage. Within one, PostgreSQL
guesses by the beginning of the index what is rare, and once the oldest passages are gone takes what is common for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, TypeAlias
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Text, TextClause, Uuid, bindparam, column, select, text
from sqlalchemy.orm import Session

from callcenter.crm import phrases
from callcenter.crm.phrases import Phrase

FEW: Final = 2_000
"""So many are read and put in order within some milliseconds."""
_LOOKED_AT: Final = 8_000
"""So many passages with the words are read for a page: of words that nobody ever said in that order there is no end."""
_KEPT: Final = 600
_SHIFTS: Final = (32, 36, 40, 44)
"""Spans of microseconds, as powers of two: an hour, most of a day, two weeks, half a year."""
_FIRST: Final = 1 << 34
_GROWS: Final = 4
_OF_SQLITE: Final = text(
    "SELECT moment, kind, call_id FROM passage_words CROSS JOIN passages ON moment = passage_words.rowid"
    " WHERE passage_words MATCH :words AND passage_words.rowid >= :since AND passage_words.rowid < :before"
    " ORDER BY passage_words.rowid DESC LIMIT :size"
)
_BOUNDS: Final = text("SELECT min(moment), max(moment) FROM passages")
_EXPECTED: Final = text(
    "EXPLAIN (FORMAT JSON) SELECT FROM passages WHERE passage_words @@ CAST(:words AS tsquery)"
    " AND moment >= :since AND moment < :before"
)
_FOUND: Final = (
    "WITH found AS MATERIALIZED (SELECT moment, kind, call_id FROM passages WHERE {}) SELECT moment, kind, call_id"
    " FROM found WHERE moment >= :since AND moment < :before ORDER BY moment DESC LIMIT :size"
)


Heard: TypeAlias = Callable[[ColumnElement[UUID]], ColumnElement[bool]]
"""The condition that one may hear a call, by the column that names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From ``since`` on and before ``before``, which are moments."""

    since: int
    before: int


class Search(Protocol):
    """Goes back from the newest passage. ``reached``: whatever is newer was told; ``over``: there is no more."""

    reached: int
    over: bool

    def more(self, size: int) -> list[Any]:
        """The next ones by moment, kind and call, and whether what was said in it may be heard; fewer at the end, or
        where it looked for long enough."""


def begin(session: Session, wanted: Sequence[Phrase], span: Span, heard: Heard, few: int = FEW) -> Search:
    ask = partial(_asked, session, heard)
    if session.get_bind().dialect.name == "sqlite":
        return _InOrder(ask, wanted, span)
    first, last = session.execute(_BOUNDS).one()
    if first is None:
        return _AtOnce([], span.since)
    there = Span(since=max(span.since, first), before=min(span.before, last + 1))
    conditions = phrases.conditions(wanted)
    known = {"words": phrases.for_postgres(wanted), "since": there.since, "before": there.before}
    explained = session.execute(_told(_EXPECTED, known))
    many = explained.scalar_one()[0]["Plan"]["Plan Rows"]
    if many <= few:
        known = {"since": there.since, "before": there.before, "size": _KEPT}
        return _AtOnce(ask(_found(conditions, known)), there.since)
    return _BySpans(ask, conditions, there, many)


def spans(moment: int) -> str:
    """The spans a passage is in, as words of its vector."""
    return " ".join(_span(shift, moment >> shift) for shift in _SHIFTS)


_Ask: TypeAlias = Callable[[TextClause], list[Any]]


class _InOrder:
    def __init__(self, ask: _Ask, wanted: Sequence[Phrase], span: Span) -> None:
        self._ask = ask
        self._known = {"words": phrases.for_sqlite(wanted), "since": span.since}
        self.reached, self.over = span.before, False

    def more(self, size: int) -> list[Any]:
        found = self._ask(_OF_SQLITE.bindparams(**self._known, before=self.reached, size=size))
        self.over = len(found) < size
        self.reached = found[-1].moment if found else self.reached
        return found


class _AtOnce:
    def __init__(self, found: Sequence[Any], since: int) -> None:
        self._found = list(found)
        self._whole = len(found) < _KEPT
        self.reached, self.over = since, False

    def more(self, size: int) -> list[Any]:
        told, self._found = self._found[:size], self._found[size:]
        self.over = self._whole and not self._found
        self.reached = told[-1].moment if told else self.reached
        return told


class _BySpans:
    def __init__(self, ask: _Ask, words: Sequence[str], there: Span, many: int) -> None:
        self._ask = ask
        self._words = words
        self._since = there.since
        self._width = _FIRST
        self._each = (there.before - there.since) // many
        self._left = max(_FIRST, self._each * _LOOKED_AT)
        self.reached, self.over = there.before, False

    def more(self, size: int) -> list[Any]:
        found: list[Any] = []
        self._width = max(self._width, self._each * size)
        while len(found) < size and self._left > 0 and not self.over:
            found += self._of_a_span(size - len(found))
        return found

    def _of_a_span(self, size: int) -> list[Any]:
        width = min(self._width, self._left)
        lowest, covering = _cover(max(self._since, self.reached - width), self.reached)
        known = {"since": self._since, "before": self.reached, "size": size}
        found = self._ask(_found((covering, *self._words), known))
        if len(found) == size:
            self._left -= self.reached - found[-1].moment
            self.reached = found[-1].moment
        else:
            self._left -= self.reached - lowest
            self.reached, self.over = max(lowest, self._since), lowest <= self._since
            self._width *= _GROWS
        return found


def _cover(since: int, before: int) -> tuple[int, str]:
    """Spans that cover it, as a tsquery, and when the first begins: at ``since`` or a little earlier."""
    shift = max((one for one in _SHIFTS if (before - since) >> one), default=_SHIFTS[0])
    first, last = since >> shift, (before - 1) >> shift
    return first << shift, " | ".join(_span(shift, number) for number in range(first, last + 1))


def _span(shift: int, number: int) -> str:
    return f"'@{shift}:{number:x}'"


def _asked(session: Session, heard: Heard, passages: TextClause) -> list[Any]:
    """Rights are asked with the passages: hundreds of calls taken out and asked about cost more than the words."""
    there = passages.columns(column("moment", BigInteger), column("kind", Text), column("call_id", Uuid)).subquery()
    told = select(there.c.moment, there.c.kind, there.c.call_id, heard(there.c.call_id).label("heard"))
    return list(session.execute(told.order_by(there.c.moment.desc())))


def _found(conditions: Sequence[str], known: dict[str, Any]) -> TextClause:
    """The newest passages that meet all these tsqueries."""
    names = [f"words_{place}" for place, _ in enumerate(conditions)]
    met = " AND ".join(f"passage_words @@ CAST(:{name} AS tsquery)" for name in names)
    return _told(text(_FOUND.format(met)), known | dict(zip(names, conditions, strict=True)))


def _told(statement: TextClause, known: dict[str, Any]) -> TextClause:
    """Everything stands in PostgreSQL's statement itself: a plan made without knowing the words and how many are wanted
    walks the whole table for a word that is rare."""
    return statement.bindparams(*(bindparam(name, value, literal_execute=True) for name, value in known.items()))
