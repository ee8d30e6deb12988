"""The newest passages with the words, out of the index, whoever may see them.

SQLite's index is in the order of time. PostgreSQL's is not: it gives all there are, and the newest of a common word are
found sooner by walking back from the end. So how many there may be is asked of its planner first; many are looked for
among the newest passages, and only what is not common there is taken from the index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any, Final

from sqlalchemy import BindParameter, TextClause, bindparam, text
from sqlalchemy.orm import Session

from callcenter.crm import phrases
from callcenter.crm.phrases import Phrase

FEW: Final = 2_000
"""So many are read and put in order within some milliseconds."""
MANY: Final = 20_000
"""More than so many are not read at once: a phrase of such words is looked for by walking back through all there is."""
_NEWEST: Final = 8_000
_OF_SQLITE: Final = text(
    "SELECT moment, kind, call_id FROM passage_words CROSS JOIN passages ON moment = passage_words.rowid"
    " WHERE passage_words MATCH :words AND passage_words.rowid >= :since AND passage_words.rowid < :before"
    " ORDER BY passage_words.rowid DESC LIMIT :size"
)
_EXPECTED: Final = text(
    "EXPLAIN (FORMAT JSON) SELECT FROM passages WHERE passage_words @@ CAST(:words AS tsquery)"
    " AND moment >= :since AND moment < :before"
)
_WALKED: Final = text(
    "SELECT moment, kind, call_id FROM passages WHERE passage_words @@ CAST(:words AS tsquery)"
    " AND moment >= :since AND moment < :before ORDER BY moment DESC LIMIT :size"
)
_AMONG_NEWEST: Final = text(
    "SELECT moment, kind, call_id FROM (SELECT moment, kind, call_id, passage_words FROM passages"
    " WHERE moment >= :since AND moment < :before ORDER BY moment DESC LIMIT :newest) AS newest"
    " WHERE passage_words @@ CAST(:words AS tsquery) ORDER BY moment DESC LIMIT :size"
)
_INDEXED: Final = text(
    "WITH found AS MATERIALIZED (SELECT moment, kind, call_id FROM passages"
    " WHERE passage_words @@ CAST(:words AS tsquery) AND moment >= :since AND moment < :before)"
    " SELECT moment, kind, call_id FROM found ORDER BY moment DESC LIMIT :size"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """``size`` at the most, from ``since`` on and before ``before``, which are moments."""

    since: int
    before: int
    size: int


def newest(session: Session, wanted: Sequence[Phrase], span: Span) -> list[Any]:
    """By moment, kind and call."""
    known = {"since": span.since, "before": span.before, "size": span.size}
    if session.get_bind().dialect.name == "sqlite":
        # SQLite writes an id as 32 digits, and text() is told no types.
        return list(session.execute(_OF_SQLITE, {**known, "words": phrases.for_sqlite(wanted)}))
    known["words"] = phrases.for_postgres(wanted)  # type: ignore[assignment]
    expected = _asked(session, _EXPECTED, {name: known[name] for name in ("words", "since", "before")})[0][0]
    many = expected[0]["Plan"]["Plan Rows"]
    if many > FEW:
        found = _asked(session, _AMONG_NEWEST, {**known, "newest": _NEWEST})
        if len(found) == span.size:
            return found
    return _asked(session, _WALKED if many > MANY else _INDEXED, known)


def _asked(session: Session, statement: TextClause, known: dict[str, Any]) -> list[Any]:
    """Everything stands in PostgreSQL's statement itself: a plan made without knowing the words and how many are wanted
    walks the whole table for a word that is rare."""
    return list(session.execute(statement.bindparams(*starmap(_literal, known.items()))))


def _literal(name: str, value: int | str) -> BindParameter[Any]:
    return bindparam(name, value, literal_execute=True)
