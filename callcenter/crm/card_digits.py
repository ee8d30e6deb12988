"""Card numbers in what people write and say: found, and hidden before anything is kept. Pure.

Written: 13 to 19 digits (ISO/IEC 7812-1) that pass the check of Luhn, with spaces, dots or hyphens between them.
Spoken: words in a row that stand for 13 digits or more; no check, as one of them may have been misheard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from callcenter.crm.fold import fold

HIDDEN: Final = "•"
_FEWEST, _MOST = 13, 19
_WRITTEN: Final = re.compile(r"(?<!\d)\d(?:[ .\-\u00a0]?\d){12,40}(?!\d)")
_MARKS: Final = ".,;:-–—!?"
_WORD: Final = re.compile(r"\S+")
_UNITS: Final = (
    "zero oh nought ноль нуль sıfır",
    "one один одна uno una bir",
    "two два две due iki",
    "three три tre üç",
    "four четыре quattro dörd",
    "five пять cinque beş",
    "six шесть sei altı",
    "seven семь sette yeddi",
    "eight восемь otto səkkiz",
    "nine девять nove doqquz",
)
"""English, Russian, Italian, Azerbaijani."""
_AGAIN: Final = "double triple"
_MORE: Final = {
    "en": "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty"
    " sixty seventy eighty ninety hundred thousand",
    "ru": "десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать"
    " девятнадцать двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто сто двести триста"
    " четыреста пятьсот шестьсот семьсот восемьсот девятьсот тысяча тысячи тысяч",
    "it": "dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove venti trenta"
    " quaranta cinquanta sessanta settanta ottanta novanta cento mille",
    "az": "on iyirmi otuz qırx əlli altmış yetmiş səksən doxsan yüz min",
}
_TWO_DIGITS: Final = frozenset(fold(word) for words in _MORE.values() for word in words.split())
_DIGIT: Final = {fold(word): str(digit) for digit, words in enumerate(_UNITS) for word in words.split()}
_ONE_DIGIT: Final = frozenset(_DIGIT) | frozenset(_AGAIN.split())


def hide(text: str) -> str:
    """The text with a dot in place of each digit of a card number, and of each word of one that is spelt out."""
    text = _WRITTEN.sub(_written, text)
    found = list(_WORD.finditer(text))
    secret = hidden([one.group() for one in found])
    for n in sorted(secret, reverse=True):
        text = text[: found[n].start()] + HIDDEN + text[found[n].end() :]
    return text


def hidden(words: Sequence[str], *, heard: bool = False) -> set[int]:
    """Which of the words, in the order of the talk, are parts of a card number. ``heard``: an engine may have written
    what was spelt in digits."""
    found: set[int] = set()
    run: list[int] = []
    for at, word in enumerate([*words, ""]):
        if _digits(word):
            run.append(at)
            continue
        spelt = heard or any(not words[n].isdigit() for n in run)
        if spelt and sum(_digits(words[n]) for n in run) >= _FEWEST:
            found.update(run)
        run = []
    return found


def read(word: str) -> str:
    """The digits a word stands for: itself where it is none, and where it stands for more than one."""
    return _DIGIT.get(fold(word.strip(_MARKS)), word)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def _written(found: re.Match[str]) -> str:
    """Groups of digits that make a card number together; of a longer row without a gap, any part of it may be one."""
    groups = list(re.finditer(r"\d+", found.group()))
    text = found.group()
    for first in range(len(groups)):
        for last in range(first, len(groups)):
            digits = "".join(one.group() for one in groups[first : last + 1])
            if (first == last or len(digits) <= _MOST) and _card(digits):
                start, end = groups[first].start(), groups[last].end()
                text = text[:start] + re.sub(r"\d", HIDDEN, found.group()[start:end]) + text[end:]
    return text


def _card(digits: str) -> bool:
    if len(digits) <= _MOST:
        return len(digits) >= _FEWEST and luhn(digits)
    parts = (digits[at : at + n] for n in range(_FEWEST, _MOST + 1) for at in range(len(digits) - n + 1))
    return any(map(luhn, parts))


def _digits(word: str) -> int:
    """How many digits of a number the word stands for: 0 where it is none."""
    bare = fold(word.strip(_MARKS))
    if bare in _ONE_DIGIT:
        return 1
    parts = bare.split("-")
    if len(parts) > 1 and all(part in _TWO_DIGITS or part in _ONE_DIGIT for part in parts):
        return 2
    return 2 if bare in _TWO_DIGITS else len(bare) if bare.isascii() and bare.isdigit() else 0
