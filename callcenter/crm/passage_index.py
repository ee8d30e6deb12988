"""The newest passages with the words, out of the index, whoever may see them.

SQLite's index is in the order of time. PostgreSQL's is not: it gives all there are. So each passage bears, as words
that nobody can say, the spans of time it is in, and a common word is asked for together with spans that grow from the
newest one back. How many there may be is asked of the planner first: what is rare is taken from the index at once.
Spans and words are conditions of their own: only conditions skip to each other's next passage. Within one, PostgreSQL
guesses by the beginning of the index what is rare, and once the oldest passages are gone takes what is common for it.
Of the beginning of a word it reads all there is of every word that begins so, whatever the span: where many do, the
passages themselves are looked at instead, back from the newest.
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

_LOOKED_AT: Final = 3_000
"""So many passages with the words are read for a page: of words that nobody ever said in that order there is no end."""
_KEPT: Final = 600
_SHIFTS: Final = (32, 36, 40, 44)
"""Spans of microseconds, as powers of two: an hour, most of a day, two weeks, half a year."""
_FIRST: Final = 1 << 34
_GROWS: Final = 4
_IN_ORDER: Final = 16
"""How many times wider the first span is for a phrase: most passages with its words do not have them in that order."""
_SPARE: Final = 1.25
"""How much wider a span is than the one that would give what is still wanted, as far as can be told by those before."""
_OF_SQLITE: Final = text(
    "SELECT moment, kind, call_id FROM passage_words CROSS JOIN passages ON moment = passage_words.rowid"
    " WHERE passage_words MATCH :words AND passage_words.rowid >= :since AND passage_words.rowid < :before"
    " ORDER BY passage_words.rowid DESC LIMIT :size"
)
_BOUNDS: Final = text(
    "SELECT min(moment), max(moment), (SELECT reltuples FROM pg_class WHERE oid = CAST('passages' AS regclass))"
    " FROM passages"
)
_EXPECTED: Final = text(
    "EXPLAIN (FORMAT JSON) SELECT FROM passages WHERE passage_words @@ CAST(:words AS tsquery)"
    " AND moment >= :since AND moment < :before"
)
_FOUND: Final = (
    "WITH found AS MATERIALIZED (SELECT moment, kind, call_id FROM passages WHERE {}) SELECT moment, kind, call_id"
    " FROM found WHERE moment >= :since AND moment < :before ORDER BY moment DESC LIMIT :size"
)
_LOOKED_THROUGH: Final = (
    "SELECT moment, kind, call_id FROM passages WHERE moment >= :since AND moment < :before AND {}"
    " ORDER BY moment DESC LIMIT :size"
)


Heard: TypeAlias = Callable[[ColumnElement[UUID]], ColumnElement[bool]]
"""The condition that one may hear a call, by the column that names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From ``since`` on and before ``before``, which are moments."""

    since: int
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """``few`` passages are read and put in order within some milliseconds; looking at one past the index takes as long
    as reading ``row`` of its entries."""

    few: int = 2_000
    row: float = 50.0


class Search(Protocol):
    """Goes back from the newest passage. ``reached``: whatever is newer was told; ``over``: there is no more."""

    reached: int
    over: bool

    def more(self, size: int) -> list[Any]:
        """The next ones by moment, kind and call, and whether what was said in it may be heard; fewer at the end, or
        where it looked for long enough."""


def begin(session: Session, wanted: Sequence[Phrase], span: Span, heard: Heard, costs: Costs = Costs()) -> Search:
    ask = partial(_asked, session, heard)
    if session.get_bind().dialect.name == "sqlite":
        return _InOrder(ask, wanted, span)
    first, last, whole = session.execute(_BOUNDS).one()
    if first is None:
        return _AtOnce([], span.since)
    there = Span(since=max(span.since, first), before=min(span.before, last + 1))
    conditions = phrases.conditions(wanted)
    known = {"words": phrases.together(wanted), "since": there.since, "before": there.before}
    explained = session.execute(_told(_EXPECTED, known))
    many = explained.scalar_one()[0]["Plan"]["Plan Rows"]
    if many <= costs.few:
        known = {"since": there.since, "before": there.before, "size": _KEPT}
        return _AtOnce(ask(_found(conditions, known)), there.since)
    most_through = many * many / (costs.row * max(whole, many)) if any(one.begun for one in wanted) else 0.0
    wide = _IN_ORDER if any(len(one.words) > 1 for one in wanted) else 1
    return _BySpans(ask, conditions, _Way(there=there, many=many, wide=wide, most_through=most_through))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """``many``: how many there may be; ``wide``: how many times as wide as that suggests the first span is. Up to
    ``most_through`` wanted at a time, looking at the passages is cheaper than the index."""

    there: Span
    many: int
    wide: int
    most_through: float


class _BySpans:
    def __init__(self, ask: _Ask, words: Sequence[str], way: _Way) -> None:
        self._ask = ask
        self._words = words
        self._since = way.there.since
        self._width = _FIRST
        self._each = (way.there.before - way.there.since) // way.many
        self._wide = way.wide
        self._left = max(_FIRST, self._each * _LOOKED_AT)
        self._most_through = way.most_through
        self.reached, self.over = way.there.before, False

    def more(self, size: int) -> list[Any]:
        found: list[Any] = []
        self._width = max(self._width, self._each * size * self._wide)
        through = size < self._most_through
        while len(found) < size and self._left > 0 and not self.over:
            found += self._of_a_span(size - len(found), through=through)
        return found

    def _of_a_span(self, size: int, *, through: bool) -> list[Any]:
        width = min(self._width, self._left)
        lowest, covering = _cover(max(self._since, self.reached - width), self.reached)
        known = {"since": max(self._since, lowest), "before": self.reached, "size": size}
        found = self._ask(_looked_through(self._words, known) if through else _found((covering, *self._words), known))
        if len(found) == size:
            self._left -= self.reached - found[-1].moment
            self.reached = found[-1].moment
            return found
        covered = self.reached - lowest
        self._left -= covered
        self.reached, self.over = max(lowest, self._since), lowest <= self._since
        enough = int(_SPARE * covered * (size - len(found)) / len(found)) if found else self._width * _GROWS
        self._width = min(self._width * _GROWS**2, max(_FIRST, enough))
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
    return _met(_FOUND, "passage_words @@ CAST(:{} AS tsquery)", conditions, known)


def _looked_through(conditions: Sequence[str], known: dict[str, Any]) -> TextClause:
    """The same past the index, as only the operator is looked up there."""
    return _met(_LOOKED_THROUGH, "ts_match_vq(passage_words, CAST(:{} AS tsquery))", conditions, known)


def _met(statement: str, condition: str, conditions: Sequence[str], known: dict[str, Any]) -> TextClause:
    names = [f"words_{place}" for place, _ in enumerate(conditions)]
    met = " AND ".join(condition.format(name) for name in names)
    return _told(text(statement.format(met)), known | dict(zip(names, conditions, strict=True)))


def _told(statement: TextClause, known: dict[str, Any]) -> TextClause:
    """Everything stands in PostgreSQL's statement itself: a plan made without knowing the words and how many are wanted
    walks the whole table for a word that is rare."""
    return statement.bindparams(*(bindparam(name, value, literal_execute=True) for name, value in known.items()))
