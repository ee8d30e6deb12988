"""Which patterns of administrators may be looked for: those that no text can keep busy for long. Pure.

Python's engine tries every way in which a pattern can match, so a pattern may have few ways: repetitions are bounded,
the ways in which its parts can be combined are counted, and what cannot be counted is not taken.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from math import prod
from typing import Any, Final

LONGEST: Final = 200
_WAYS: Final = 1000
_CHARACTERS: Final = 200
_parser: Final[Any] = import_module("re._parser")
_PLAIN: Final = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN"})
_REPEATS: Final = frozenset({"MAX_REPEAT", "MIN_REPEAT"})
_PLACES: Final = frozenset({"AT_BEGINNING", "AT_END", "AT_BOUNDARY", "AT_NON_BOUNDARY"})


class Unbounded(ValueError):
    """Why a pattern is not taken, as a stable code."""


@lru_cache(maxsize=500)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, whatever the case of letters. Raises Unbounded."""
    if len(pattern) > LONGEST:
        raise Unbounded("too_long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python will read otherwise some day
            parsed = _parser.parse(pattern, re.IGNORECASE)
    except (re.error, Warning, RecursionError, OverflowError):
        raise Unbounded("pattern_wrong") from None
    least, most = parsed.getwidth()
    if least == 0:
        raise Unbounded("pattern_empty")
    if most > _CHARACTERS:
        raise Unbounded("pattern_unbounded")
    if _ways(parsed) > _WAYS:
        raise Unbounded("pattern_wide")
    return re.compile(pattern, re.IGNORECASE)


def _ways(parts: Iterable[tuple[Any, Any]]) -> int:
    """In how many ways the parts can match one text, at most. Raises Unbounded."""
    return prod(_of_part(str(kind), given) for kind, given in parts)


def _of_part(kind: str, given: Any) -> int:
    if kind in _PLAIN or (kind == "AT" and str(given) in _PLACES):
        return 1
    if kind == "BRANCH":
        return sum(_ways(branch) for branch in given[1])
    if kind == "SUBPATTERN":
        return _ways(given[-1])
    if kind in _REPEATS:
        least, most, part = int(given[0]), int(given[1]), given[2]
        if most > _CHARACTERS:
            raise Unbounded("pattern_unbounded")
        ways = _ways(part)
        return sum(min(ways**times, _WAYS + 1) for times in range(least, most + 1))
    raise Unbounded("pattern_not_allowed")
