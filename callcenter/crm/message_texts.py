"""What a message to a customer says: a text with places that are filled once, from a closed list. Pure.

A place is ``{customer}``; what stands in no list is refused when the text is written. Values come from callers, cards
and colleagues: they are one line each, without control characters or marks that turn writing round, and are not
looked through for places again. Everything is plain text; a subject is one line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

GAP: Final = "…"
"""Stands where there is nothing to say."""
LONGEST_VALUE: Final = 200
_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_SPACES: Final = re.compile(r"\s+")
_DROPPED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class MessageKind(StrEnum):
    EMAIL = "email"
    SMS = "sms"


class MessagePlace(StrEnum):
    """What a text may ask for. ``CALL_BACK``: day and time of the call that was promised with the outcome."""

    CUSTOMER = "customer"
    ORGANISATION = "organisation"
    NUMBER = "number"
    AGENT = "agent"
    DATE = "date"
    TIME = "time"
    CALL_BACK = "call_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A message in one language. An SMS has no subject."""

    subject: str = ""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known when an outcome is logged. Moments are in the zone in which the customer reads them."""

    customer: str = ""
    organisation: str = ""
    number: str = ""
    agent: str = ""
    at: datetime
    call_back: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """``lacking``: places for which there was nothing to say; ``GAP`` stands there."""

    subject: str
    text: str
    lacking: tuple[MessagePlace, ...] = ()


def fault(text: str) -> str:
    """Why a text cannot be filled, "" where it can."""
    known = set(MessagePlace)
    return "" if all(name in known for name in _PLACE.findall(text)) else "unknown_place"


def fill(wording: Wording, language: str, facts: Facts) -> Filled:
    """The message to one customer."""
    values = _values(facts, language)
    asked = [MessagePlace(name) for name in _PLACE.findall(wording.subject + wording.text) if name in values]
    lacking = tuple(place for place in dict.fromkeys(asked) if not values[place])
    subject = _line(_filled(wording.subject, values))
    return Filled(subject=subject, text=_filled(wording.text, values), lacking=lacking)


def spoken(wanted: Sequence[str], written: Mapping[str, object]) -> str:
    """Of the languages in which it is written, the first that is wanted ("pt" also for "pt-BR"), else any; "" where
    there is none."""
    for language in wanted:
        for name in (language, language.partition("-")[0]):
            if name in written:
                return name
    return next(iter(sorted(written)), "")


def _values(facts: Facts, language: str) -> dict[str, str]:
    promised = facts.call_back
    return {
        MessagePlace.CUSTOMER: _line(facts.customer),
        MessagePlace.ORGANISATION: _line(facts.organisation),
        MessagePlace.NUMBER: _line(facts.number),
        MessagePlace.AGENT: _line(facts.agent),
        MessagePlace.DATE: _day(facts.at, language),
        MessagePlace.TIME: f"{facts.at:%H:%M}",
        MessagePlace.CALL_BACK: f"{_day(promised, language)}, {promised:%H:%M}" if promised else "",
    }


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: values.get(found[1], found[0]) or GAP, text)


def _line(value: str) -> str:
    kept = "".join(c for c in _SPACES.sub(" ", value) if unicodedata.category(c) not in _DROPPED)
    return kept.strip()[:LONGEST_VALUE]


def _day(at: datetime, language: str) -> str:
    """As the language writes it; English by name, as its countries disagree about the order of figures."""
    if language == "it":
        return f"{at:%d/%m/%Y}"
    return f"{at:%d.%m.%Y}" if language in ("ru", "az") else f"{at.day} {_MONTHS[at.month - 1]} {at.year}"
