"""Telephone numbers that stand unmasked in a log."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import phonenumbers

_RUN: Final = re.compile(r"(?<![\w.…/-])\+?\d{10,15}(?![\w.…/-])")
_HOME: Final = "RU"
_AROUND: Final = 60


def plain_numbers(text: str) -> list[str]:
    """Every whole number that somebody could call, as it stands in the text, with what stands around it."""
    return [
        text[max(0, found.start() - _AROUND) : found.end() + _AROUND].replace("\n", " ")
        for found in _RUN.finditer(text)
        if _can_be_called(found[0])
    ]


def in_logs(folder: Path) -> Iterable[str]:
    """The same in all logs below a folder, a line each with the file's name."""
    for file in sorted(folder.rglob("*.log")):
        yield from (f"{file.name}: {line}" for line in plain_numbers(file.read_text(errors="replace")))


def _can_be_called(digits: str) -> bool:
    tries = ((f"+{digits.lstrip('+')}", None), (digits, _HOME))
    return any(_valid(text, region) for text, region in tries)


def _valid(text: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False
