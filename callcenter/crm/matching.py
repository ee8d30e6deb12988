"""Names as they sound, and how much two cards are alike: pure, and the one place that knows.

A name is written in two alphabets, by several systems of transliteration, and with a slip of the finger. ``sound``
brings what people use for one another to one spelling in Latin letters; ``keys_of`` makes what is mistyped once share a
key with what was meant (the deletes of one letter), so that an index finds it without reading the table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Set
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final

from callcenter.crm.fold import fold

_CYRILLIC: Final = {
    **dict(zip("абвгдезиклмнопрстуфэыіїєґ", "abvgdeziklmnoprstufeiiieg", strict=True)),
    "ж": "z",
    "й": "i",
    "х": "h",
    "ц": "c",
    "ч": "c",
    "ш": "s",
    "щ": "s",
    "ъ": "",
    "ь": "",
    "ю": "iu",
    "я": "ia",
    "ё": "e",
    "ә": "e",
    "ғ": "g",
    "ҹ": "c",
    "ҝ": "g",
    "ө": "o",
    "ү": "u",
    "һ": "h",
    "қ": "k",
    "ң": "n",
    "ұ": "u",
    "ў": "u",
    "ђ": "dj",
    "ј": "i",
    "љ": "l",
    "њ": "n",
    "ћ": "c",
    "џ": "dz",
}
_SOUNDS: Final = (
    *(("shch", "s"), ("tsch", "c"), ("sch", "s"), ("tch", "c"), ("dzh", "j"), ("kh", "h"), ("zh", "z"), ("sh", "s")),
    *(("ch", "c"), ("ts", "c"), ("tz", "c"), ("ph", "f"), ("ck", "k"), ("yo", "e"), ("ye", "e"), ("w", "v")),
    *(("x", "ks"), ("y", "i"), ("j", "i"), ("ije", "ie"), ("iia", "ia"), ("ia", "a"), ("iu", "u"), ("ie", "e")),
)
_OTHERWISE: Final = (("x", "kh"), ("q", "g"), ("ə", "a"))
"""Letters that are read in two ways, in Azerbaijani and in English or Russian: a word with one is kept both ways."""
_WORD: Final = re.compile(r"[^\W_]+")
_LONGEST: Final = 24
_SHORTEST_AT_PLACE: Final = 3
_NOT_ONE_SLIP: Final = 4
"""A shorter word with a slip is another word."""
_FORMS: Final = ("ooo", "oao", "zao", "pao", "ao", "ip", "llc", "ltd", "inc", "gmbh", "ag", "srl", "spa", "sas", "mmc")


class Reason(StrEnum):
    """Why two cards may be one: translation keys."""

    SAME_NUMBER = "same_number"
    SAME_EMAIL = "same_email"
    SAME_HANDLE = "same_handle"
    SIMILAR_NAME = "similar_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What of a card is compared. ``numbers`` are keys of numbers that are not shared, ``handles``
    are names in messengers."""

    name: str = ""
    organisation: str = ""
    emails: frozenset[str] = frozenset()
    handles: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """``score`` from 0 to 100; from ``ALIKE`` on a person should look."""

    score: int
    reasons: tuple[Reason, ...]


ALIKE: Final = 60


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """One word in Latin letters as it sounds: Щербаков, Shcherbakov and Scherbakov are one."""
    latin = "".join(_CYRILLIC.get(c, c) for c in fold(word).replace("дж", "j"))
    for written, heard in _SOUNDS:
        latin = latin.replace(written, heard)
    once = "".join(c for before, c in pairwise(" " + latin) if c != before)
    return once[:_LONGEST]


def sounds(text: str) -> list[frozenset[str]]:
    """The words of a text, each in all ways it may sound."""
    found = []
    for word in _WORD.findall(unicodedata.normalize("NFC", text.lower())):
        readings, other = {word}, word
        for letter, heard in _OTHERWISE:
            other = other.replace(letter, heard)
            readings |= {other, word.replace(letter, heard)}
        found.append(frozenset(filter(None, map(sound, readings))))
    return [readings for readings in found if readings]


def words_of(name: str, organisation: str, *whole: str, places: Iterable[str] = ()) -> frozenset[str]:
    """Every word by which a card is found: e-mail addresses and names in messengers whole, behind ``@``; words of
    ``places``, which are streets and sites, behind ``#``, as nobody's name is looked for among them."""
    spoken = {reading for readings in sounds(f"{name} {organisation}") for reading in readings}
    spoken |= {f"@{text.strip().lower()}"[:200] for text in whole if text.strip()}
    return frozenset(spoken | {reading for text in places for said in sounds(text) for reading in at_place(said)})


def at_place(readings: Iterable[str]) -> frozenset[str]:
    """A word as it is kept of streets and sites; numbers of houses and single letters say nothing."""
    return frozenset(f"#{word}" for word in readings if len(word) >= _SHORTEST_AT_PLACE and not word.isdigit())


def keys_of(word: str) -> frozenset[str]:
    """The word, and the word with any one letter missing where it is long enough for a slip."""
    first = int(word.startswith("#"))
    if word.startswith("@") or len(word) - first < _NOT_ONE_SLIP:
        return frozenset({word})
    return frozenset({word, *(word[:at] + word[at + 1 :] for at in range(first, len(word)))})


def one_slip(a: str, b: str) -> bool:
    """Whether one letter more, less, other, or two swapped make the one of the other."""
    if a == b:
        return True
    if min(len(a), len(b)) < _NOT_ONE_SLIP - 1 or abs(len(a) - len(b)) > 1:
        return False
    head = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[head:], b[head:]
    if len(a) != len(b):
        return rest_a[1:] == rest_b or rest_b[1:] == rest_a
    return rest_a[1:] == rest_b[1:] or (rest_a[1::-1] == rest_b[:2] and rest_a[2:] == rest_b[2:])


def name_likeness(a: str, b: str) -> float:
    """From 0 to 1: which part of the words of the longer name has one of the shorter that sounds alike, in any order.

    A legal form says nothing. One word alone never makes two names alike fully: there are many Ivans.
    """
    ours, theirs = _telling(a), _telling(b)
    if not ours or not theirs:
        return 0.0
    short, long = sorted((ours, theirs), key=len)
    left, found = list(long), 0.0
    for readings in short:
        best = max(left, key=lambda other: _alike(readings, other), default=None)
        if best is not None and (likeness := _alike(readings, best)) > 0:
            left.remove(best)
            found += likeness
    alone = 0.75 if len(short) == 1 else 1.0
    return alone * found / ((len(short) + len(long)) / 2)


def likeness(a: Face, b: Face) -> Likeness:
    """How much two cards are alike, and why."""
    score, reasons = 0.0, []
    if a.numbers & b.numbers:
        score += 55
        reasons.append(Reason.SAME_NUMBER)
    if a.emails & b.emails:
        score += 65
        reasons.append(Reason.SAME_EMAIL)
    if a.handles & b.handles:
        score += 65
        reasons.append(Reason.SAME_HANDLE)
    name = name_likeness(f"{a.name}", f"{b.name}")
    if not name and not (a.name and b.name):
        name = name_likeness(a.organisation, b.organisation)
    if name >= _SIMILAR:
        score += 70 * name
        reasons.append(Reason.SIMILAR_NAME)
    elif a.name and b.name and reasons:
        score -= 20
    return Likeness(score=max(0, min(100, round(score))), reasons=tuple(reasons))


_SIMILAR: Final = 0.6
LEGAL_FORMS: Final = frozenset(map(sound, _FORMS))
"""Words that say what an organisation is by law, not which."""


def _telling(text: str) -> list[frozenset[str]]:
    return [readings for readings in sounds(text) if not readings <= LEGAL_FORMS]


def _alike(a: Set[str], b: Set[str]) -> float:
    if a & b:
        return 1.0
    pairs: Iterable[tuple[str, str]] = ((x, y) for x in a for y in b)
    return max((_pair(x, y) for x, y in pairs), default=0.0)


def _pair(x: str, y: str) -> float:
    if one_slip(x, y) and min(len(x), len(y)) >= _NOT_ONE_SLIP:
        return 0.85
    initial = min(len(x), len(y)) == 1 and x[0] == y[0]
    return 0.5 if initial else 0.0
