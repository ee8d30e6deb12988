"""What is asked of a full-text search, the words of a text as they are found, and where in it they stand. Pure.

Both databases are given words that are folded and cut here, never their own parser: what is found is the same on both,
in every language, and nothing typed reaches a query as syntax.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from callcenter.crm.fold import fold
from callcenter.errors import Invalid

_WORD: Final = re.compile(r"[^\W_]+")
_TERM: Final = re.compile(r'"([^"]*)"?|(\S+)')
_MOST_TERMS: Final = 8
_MOST_WORDS: Final = 16
_SHORTEST_PREFIX: Final = 2
_LONGEST: Final = 60
_PLACES: Final = 16_000
"""PostgreSQL knows no later place in a text (https://www.postgresql.org/docs/current/textsearch-limitations.html)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words that stand one after the other; the last may be only begun."""

    words: tuple[str, ...]
    begun: bool = False

    def at(self, text: Sequence[str], place: int) -> bool:
        """Whether it stands at that place of a text."""
        there = text[place : place + len(self.words)]
        if len(there) < len(self.words) or tuple(there[:-1]) != self.words[:-1]:
            return False
        return there[-1].startswith(self.words[-1]) if self.begun else there[-1] == self.words[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of a text as it is found, and the characters it was written with."""

    folded: str
    start: int
    end: int


def composed(text: str) -> str:
    """The text with letters and their marks in one (NFC), as it is cut and shown."""
    return unicodedata.normalize("NFC", text)


def words(text: str) -> list[Word]:
    """The words of ``text``, which is NFC, in order. What people write as one word may be several: "can't"."""
    return [
        Word(folded=part[:_LONGEST], start=found.start(), end=found.end())
        for found in _WORD.finditer(text)
        for part in _WORD.findall(fold(found.group()))
    ]


def asked(typed: str) -> list[Phrase]:
    """``"…"`` is a phrase, ``word*`` the beginning of a word; everything asked for must be there. Raises Invalid."""
    found = [phrase for term in _TERM.finditer(composed(typed)) if (phrase := _phrase(term))]
    if not found:
        raise Invalid("nothing to look for", fields={"q": "required"})
    if len(found) > _MOST_TERMS or sum(len(one.words) for one in found) > _MOST_WORDS:
        raise Invalid("too many words", fields={"q": "too_long"})
    if any(one.begun and len(one.words[-1]) < _SHORTEST_PREFIX for one in found):
        raise Invalid("two letters at least", fields={"q": "too_short"})
    return found


def for_sqlite(phrases: Sequence[Phrase]) -> str:
    """As FTS5 asks (https://www.sqlite.org/fts5.html#full_text_query_syntax)."""
    return " AND ".join(f'"{" ".join(one.words)}"{" *" if one.begun else ""}' for one in phrases)


def together(phrases: Sequence[Phrase]) -> str:
    """As a tsquery's text: what has all the words, in whatever order, each asked for once."""
    whole = {f"'{word}'" for one in phrases for word in one.words[: -1 if one.begun else None]}
    return " & ".join(sorted(whole | {f"'{one.words[-1]}':*" for one in phrases if one.begun}))


def conditions(phrases: Sequence[Phrase]) -> list[str]:
    """The same as several tsqueries that all have to be met. The words of a phrase are asked for beside it."""
    within = {f"'{word}'" for one in phrases if len(one.words) > 1 for word in one.words[: -1 if one.begun else None]}
    return [*sorted(within), *dict.fromkeys(_steps(one) for one in phrases)]


def indexed(text: str) -> str:
    """The words of a text as SQLite indexes them."""
    return " ".join(word.folded for word in words(composed(text)))


def vector(text: str) -> str:
    """The same as the text of a tsvector."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words(composed(text))[:_PLACES], start=1):
        places.setdefault(word.folded, []).append(place)
    return " ".join(f"'{word}':{','.join(map(str, at[:255]))}" for word, at in places.items())


def hits(text: str, phrases: Sequence[Phrase]) -> list[tuple[int, int]]:
    """From and to which character of the composed text what is asked for stands, in order, nothing twice."""
    there = words(composed(text))
    folded = [word.folded for word in there]
    marked: set[int] = set()
    for place in range(len(there)):
        for phrase in phrases:
            if phrase.at(folded, place):
                marked.update(range(place, place + len(phrase.words)))
    return sorted({(there[place].start, there[place].end) for place in marked})


def _phrase(term: re.Match[str]) -> Phrase | None:
    typed = term.group(1) if term.group(1) is not None else term.group(2)
    found = tuple(word.folded for word in words(typed))
    return Phrase(words=found, begun=typed.rstrip().endswith("*")) if found else None


def _steps(phrase: Phrase) -> str:
    quoted = [f"'{word}'" for word in phrase.words]
    return " <-> ".join(quoted) + (":*" if phrase.begun else "")
