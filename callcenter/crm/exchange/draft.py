"""A row of a sheet read as a card: values, numbers, and everything about it that is doubtful. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from callcenter import phone
from callcenter.crm import handles, own_fields
from callcenter.crm.exchange.columns import PHONE, TEXTS, label
from callcenter.crm.fold import fold
from callcenter.crm.own_fields import OWN, OwnField
from callcenter.errors import Invalid
from callcenter.phone import Phone

_LONGEST: Final = {"address": handles.LONGEST, "note": 10_000}
_LINE: Final = 200
_MOST_NUMBERS: Final = 20
EMPTY: Final = "empty"
_BETWEEN: Final = re.compile(r"\s*(?:[;\n|]|,\s*(?=[+(\d])|\s/\s|\s(?:или|or|oppure|və ya)\s)\s*", re.IGNORECASE)
_SCIENTIFIC: Final = re.compile(r"^\d(?:[.,]\d+)?e\+?\d+$", re.IGNORECASE)
_ZERO_CUT: Final = re.compile(r"^(\d{6,15})[.,]0$")
_IN_BRACKETS: Final = re.compile(r"<([^<>]+@[^<>]+)>")
_YES: Final = frozenset({"1", "yes", "y", "true", "x", "+", "vip", "да", "д", "вип", "si", "vero", "he", "beli"})
_NO: Final = frozenset({"", "0", "no", "n", "false", "-", "нет", "н", "falso", "xeyr", "yox"})
_KINDS: Final = {
    "person": "person; человек; физлицо; физ. лицо; физическое лицо; persona; privato; fiziki şəxs; şəxs; individual",
    "organisation": "organisation; organization; company; организация; компания; юрлицо; юр. лицо; "
    "юридическое лицо; azienda; societa; hüquqi şəxs; təşkilat; şirkət; business",
}
_STATUSES: Final = {
    "new": "new; новый; nuovo; yeni; lead",
    "cold": "cold; холодный; freddo; soyuq",
    "warm": "warm; тёплый; tiepido; ilıq",
    "hot": "hot; горячий; caldo; isti",
    "regular": "regular; постоянный; abituale; daimi; customer; клиент; cliente; müştəri",
    "vip": "vip; вип",
}


def _folded(table: Mapping[str, str]) -> dict[str, str]:
    return {fold(word): code for code, words in table.items() for word in words.split(";")}


_CODES: Final = {"kind": _folded(_KINDS), "status": _folded(_STATUSES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A cell that could not be taken as it stands. ``reason`` is a stable code; ``read`` is what was made of it."""

    column: int
    reason: str
    read: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a sheet is to be read."""

    mapping: tuple[str, ...]
    headings: tuple[str, ...]
    region: str
    statuses: Mapping[str, str] = field(default_factory=dict)
    """Codes by how they are written, folded."""
    own: Mapping[str, OwnField] = field(default_factory=dict)
    """Fields that the call center added, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a row says. ``refused`` is why it can be no card, or ``""``."""

    values: Mapping[str, Any]
    numbers: tuple[tuple[Phone, str], ...]
    doubts: tuple[Doubt, ...]
    refused: str


@dataclass(slots=True)
class _Taken:
    values: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, tuple[Phone, str]] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)


def read(cells: Sequence[str], reading: Reading) -> Draft:
    """The row as a card."""
    taken = _Taken()
    if len(cells) > len(reading.mapping) and any(cell.strip() for cell in cells[len(reading.mapping) :]):
        return Draft(values={}, numbers=(), doubts=(), refused="too_many_cells")
    for column, (meaning, cell) in enumerate(zip(reading.mapping, cells, strict=False)):
        text = cell.replace("\0", "").strip()
        if meaning and text:
            _take(taken, meaning, column, (text, reading))
    values = _named(taken.values)
    return Draft(
        values=values,
        numbers=tuple(taken.numbers.values()),
        doubts=tuple(taken.doubts),
        refused=_refusal(values, taken),
    )


def _take(taken: _Taken, meaning: str, column: int, given: tuple[str, Reading]) -> None:
    text, reading = given
    if meaning == PHONE:
        for number, doubt in numbers(text, reading.region):
            if doubt:
                taken.doubts.append(Doubt(column=column, reason=doubt, read=number.e164 or ""))
            if doubt not in _LOST and len(taken.numbers) < _MOST_NUMBERS:
                taken.numbers.setdefault(number.key, (number, label(reading.headings[column])))
    elif meaning == "email":
        _take_email(taken, column, text)
    elif meaning in TEXTS:
        _take_text(taken, meaning, column, text)
    elif meaning.startswith(OWN):
        _take_own(taken, reading.own.get(meaning), column, text)
    elif meaning == "vip":
        if fold(text) not in _YES | _NO:
            taken.doubts.append(Doubt(column=column, reason="not_yes_or_no"))
        else:
            taken.values["vip"] = fold(text) in _YES
    elif code := _code(meaning, fold(text), reading):
        taken.values[meaning] = code
    else:
        taken.doubts.append(Doubt(column=column, reason=f"unknown_{meaning}"))


def _code(meaning: str, word: str, reading: Reading) -> str:
    """Statuses are a call center's own; those everybody has are known in four languages, where they are in use."""
    common = _CODES[meaning].get(word, "")
    if meaning != "status" or not reading.statuses:
        return common
    return reading.statuses.get(word) or (common if common in reading.statuses.values() else "")


_LOST: Final = frozenset({"spoiled_by_spreadsheet", "not_a_number", "withheld"})


def numbers(cell: str, region: str) -> list[tuple[Phone, str]]:
    """The numbers of a cell, each with what is doubtful about it or ``""``."""
    found: list[tuple[Phone, str]] = []
    for part in _BETWEEN.split(cell.strip("'\"= ")):
        text = _ZERO_CUT.sub(r"\1", part.strip().lstrip("'"))
        if not text:
            continue
        if _SCIENTIFIC.match(text):
            found.append((_nothing(text), "spoiled_by_spreadsheet"))
            continue
        number = phone.parse(text, region)
        found.append((number, _doubt(number, text, region)))
    return found


def _doubt(number: Phone, text: str, region: str) -> str:
    if phone.is_withheld(text):
        return "withheld"
    if number.e164:
        plain = "".join(c for c in text if c.isdigit() or c == "+")
        known = plain.startswith(("+", "00", "810")) or number.region == region
        return "" if known else "country_guessed"
    digits = sum(c.isdigit() for c in text)
    if any(c.isalpha() for c in text) or digits == 0:
        return "not_a_number"
    return "short_number" if digits <= 7 else "not_valid"


def _nothing(text: str) -> Phone:
    return Phone(raw=text, key="raw:", e164=None, tail="", region="", grouped=text)


def _take_email(taken: _Taken, column: int, text: str) -> None:
    inside = _IN_BRACKETS.search(text)
    first, *more = re.split(r"[;,\s]+", (inside[1] if inside else text).removeprefix("mailto:").strip())
    try:
        first = handles.email(first).value
    except Invalid:
        taken.doubts.append(Doubt(column=column, reason="not_an_email"))
        return
    if more:
        taken.doubts.append(Doubt(column=column, reason="first_email_taken", read=first))
    taken.values["email"] = first


def _take_text(taken: _Taken, meaning: str, column: int, text: str) -> None:
    if meaning not in _LONGEST:
        text = " ".join(text.split())
    longest = _LONGEST.get(meaning, _LINE)
    if meaning == "note" and "note" in taken.values:
        text = f"{taken.values['note']}\n{text}"
    if len(text) > longest:
        taken.doubts.append(Doubt(column=column, reason="cut"))
    text = text[:longest]
    taken.values[meaning] = handles.address(text).value if meaning == "address" else text


def _take_own(taken: _Taken, own: OwnField | None, column: int, text: str) -> None:
    """Of a field that is hidden by now nothing is taken."""
    if own is None:
        return
    said, fault = own_fields.read(own, text)
    if fault:
        taken.doubts.append(Doubt(column=column, reason=fault))
    elif said:
        taken.values[own.name] = said


def _named(values: dict[str, Any]) -> dict[str, Any]:
    parts = [values.pop(name, "") for name in ("first_name", "last_name")]
    whole = " ".join(part for part in parts if part)
    if whole and not values.get("name"):
        values["name"] = whole[:_LINE]
    return values


def _refusal(values: Mapping[str, Any], taken: _Taken) -> str:
    if taken.numbers or any(values.get(name) for name in ("name", "organisation", "email")):
        return ""
    if not values and not taken.doubts:
        return EMPTY
    return next((doubt.reason for doubt in taken.doubts if doubt.reason in _LOST), "nobody")
