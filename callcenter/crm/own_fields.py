"""Fields that a call center adds to its cards: how what people write is read, and what is still empty. Pure.

A value is kept as one text, whatever its kind, so that a sheet, a card and an export say the same:

======  ==========================================
kind    kept as
======  ==========================================
text    one line
number  digits with a point, ``-12.5``
date    ``2026-11-27``
yes_no  ``yes`` or ``no``
choice  the option as it is spelt in the list
======  ==========================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

from callcenter.crm.fold import fold

OWN: Final = "own:"
"""Before the code of such a field, where fields that all cards have stand beside it."""
MOST: Final = 60
MOST_OPTIONS: Final = 100
LONGEST: Final = 200
_DIGITS: Final = 20
_DAY_FIRST: Final = re.compile(r"^(\d{1,2})[./](\d{1,2})[./](\d{4})$")
_YES: Final = frozenset({"yes", "y", "1", "true", "x", "+", "да", "si", "he", "beli"})
_NO: Final = frozenset({"no", "n", "0", "false", "-", "нет", "xeyr", "yox"})


class FieldKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes_no"
    CHOICE = "choice"


class Holder(StrEnum):
    """Whose cards have it."""

    ANY = "any"
    PERSON = "person"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnField:
    """``options``: what may be chosen, of a choice."""

    code: str
    kind: FieldKind
    holder: Holder = Holder.ANY
    options: tuple[str, ...] = ()
    active: bool = True

    @property
    def name(self) -> str:
        return f"{OWN}{self.code}"

    def on(self, card_kind: str) -> bool:
        return self.active and self.holder in (Holder.ANY, card_kind)


def read(field: OwnField, text: str) -> tuple[str, str]:
    """What is kept of what was written, "" for nothing; and why it cannot be, "" where it can."""
    text = " ".join(text.split())
    if not text:
        return "", ""
    match field.kind:
        case FieldKind.TEXT:
            return (text, "") if len(text) <= LONGEST else ("", "too_long")
        case FieldKind.NUMBER:
            return _number(text)
        case FieldKind.DATE:
            return _date(text)
        case FieldKind.YES_NO:
            said = "yes" if fold(text) in _YES else "no" if fold(text) in _NO else ""
            return said, "" if said else "not_yes_or_no"
        case FieldKind.CHOICE:
            found = next((one for one in field.options if fold(one) == fold(text)), "")
            return found, "" if found else "not_in_list"


def lacking(fields: Iterable[OwnField], card_kind: str, values: Mapping[str, str]) -> frozenset[str]:
    """The names of those that such a card has and that are empty."""
    return frozenset(field.name for field in fields if field.on(card_kind) and not values.get(field.code, ""))


def named(values: Mapping[str, str]) -> dict[str, str]:
    """By the names that they have beside fields that all cards have."""
    return {f"{OWN}{code}": value for code, value in values.items()}


def unnamed(values: Mapping[str, Any]) -> dict[str, str]:
    """By code again, out of all fields of a card."""
    return {name.removeprefix(OWN): value for name, value in values.items() if name.startswith(OWN)}


def words(values: Mapping[str, str]) -> str:
    """What a card is found by beside its name: answers of yes or no find nobody."""
    return " ".join(value for value in values.values() if value not in ("yes", "no"))


def _number(text: str) -> tuple[str, str]:
    plain = text.replace(" ", "").replace("'", "")
    plain = plain.replace(",", ".") if "." not in plain else plain.replace(",", "")
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", plain, re.ASCII):
        return "", "not_a_figure"
    try:
        figure = Decimal(plain)
    except InvalidOperation:
        return "", "not_a_figure"
    if len(figure.as_tuple().digits) > _DIGITS:
        return "", "out_of_range"
    said = f"{figure:f}"
    return (said.rstrip("0").rstrip(".") if "." in said else said), ""


def _date(text: str) -> tuple[str, str]:
    """ISO, or the day first, as written where commas divide figures."""
    day_first = _DAY_FIRST.match(text)
    try:
        if day_first:
            day, month, year = (int(part) for part in day_first.groups())
            return date(year, month, day).isoformat(), ""
        return date.fromisoformat(text[:10]).isoformat(), ""
    except ValueError:
        return "", "not_a_date"
