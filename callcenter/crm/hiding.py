"""What is hidden in words before they are kept: card numbers, and what administrators described. Pure.

Spoken digits are read as digits as well: ``\\d{9}`` finds a passport's number in a note and in a talk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from callcenter.crm import card_digits
from callcenter.crm.card_digits import HIDDEN

_WORD: Final = re.compile(r"\S+")
_SHOWN: Final = re.compile(r"\w")


def written(text: str, patterns: Iterable[re.Pattern[str]] = ()) -> str:
    """The text as it may be kept: each letter and digit of what was found is a dot."""
    patterns = list(patterns)
    text = card_digits.hide(text)
    for pattern in patterns:
        text = pattern.sub(lambda found: _SHOWN.sub(HIDDEN, found.group()), text)
    places = [(one.start(), one.end()) for one in _WORD.finditer(text)]
    secret = _spelt([text[start:end] for start, end in places], patterns)
    for n in sorted(secret, reverse=True):
        start, end = places[n]
        text = text[:start] + HIDDEN + text[end:]
    return text


def spoken(words: Sequence[str], patterns: Iterable[re.Pattern[str]] = ()) -> set[int]:
    """Which words of one voice, in order, may not be kept."""
    patterns = list(patterns)
    found = card_digits.hidden(words, heard=True) | _spelt(words, patterns)
    text, places = _joined(words, [" "] * len(words))
    return found | {n for pattern in patterns for n in _under(pattern, text, places)}


def _spelt(words: Sequence[str], patterns: Sequence[re.Pattern[str]]) -> set[int]:
    """The same where digits that are spelt one by one are written as one number."""
    read = [card_digits.read(word) for word in words]
    spelt = {n for n, word in enumerate(words) if read[n] != word}
    if not spelt:
        return set()
    gaps = ["" if n in spelt and n + 1 in spelt else " " for n in range(len(words))]
    text, places = _joined(read, gaps)
    return {n for pattern in patterns for n in _under(pattern, text, places)}


def _joined(words: Sequence[str], gaps: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """One text of them, and from where to where each stands in it."""
    text, places = "", []
    for word, gap in zip(words, gaps, strict=True):
        places.append((len(text), len(text) + len(word)))
        text += word + gap
    return text, places


def _under(pattern: re.Pattern[str], text: str, places: Sequence[tuple[int, int]]) -> set[int]:
    spans = [found.span() for found in pattern.finditer(text)]
    return {n for n, (a, b) in enumerate(places) if any(a < end and b > start for start, end in spans)}
