"""Telephone numbers: E.164 where one can be had, the raw text always."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat
from phonenumbers.timezone import time_zones_for_number

WITHHELD: Final = frozenset(
    {
        "",
        "<unknown>",
        "anonymous",
        "restricted",
        "private",
        "unavailable",
        "unknown",
        "withheld",
        "asterisk",
        "s",
    }
)
TAIL: Final = 9
_SHORT_DIGITS: Final = 6
_NO_ZONE: Final = "Etc/Unknown"
_EXTENSION = re.compile(r"(?:;ext=|\s*(?:ext\.?|доб\.?|x)\s*)(\d{1,8})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A number as it came and as it is known.

    ``key`` is what cards are found by: E.164 (``+79161234567``) or, where there is none, the digits as they came
    behind ``raw:``. ``tail`` are the last nine digits, or ``""`` for short and unparseable numbers, which must never
    match by accident. ``region`` is an ISO 3166-1 code or ``""``. ``grouped`` is how its country writes it abroad
    (``+7 916 123-45-67``), or the raw text.
    """

    raw: str
    key: str
    e164: str | None
    tail: str
    region: str
    grouped: str
    extension: str = ""


def is_withheld(raw: str) -> bool:
    """Whether a caller ID says that the caller hides the number."""
    return raw.strip().lower() in WITHHELD


@lru_cache(maxsize=65536)
def parse(raw: str, region: str) -> Phone:
    """The number of ``raw`` as dialled inside ``region`` (ISO 3166-1, for example ``RU``). Never raises.

    Short numbers (112, 900, four-digit extensions) stay short: libphonenumber would prefix the country's code.
    """
    text = raw.strip()
    extension = ""
    if found := _EXTENSION.search(text):
        extension, text = found[1], text[: found.start()]
    digits = "".join(c for c in text if c.isdigit())
    if len(digits) < _SHORT_DIGITS or any(c.isalpha() for c in text):
        return _unparsed(raw, text, digits, extension)
    number = _number(text, digits, region)
    if number is None:
        return _unparsed(raw, text, digits, extension)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    found_region = phonenumbers.region_code_for_number(number) or ""
    national = str(number.national_number)
    return Phone(
        raw=raw,
        key=e164,
        e164=e164,
        tail=national[-TAIL:],
        region=found_region,
        grouped=phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        extension=extension,
    )


def _number(text: str, digits: str, region: str) -> phonenumbers.PhoneNumber | None:
    """The first reading that is a valid number: as written, with ``+`` before it (trunks drop it), without ``00``."""
    for candidate in (text, f"+{digits}", f"+{digits.removeprefix('00')}", f"+{digits.removeprefix('810')}"):
        try:
            number = phonenumbers.parse(candidate, region)
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return number
    return None


def _unparsed(raw: str, text: str, digits: str, extension: str) -> Phone:
    key = digits if digits and not any(c.isalpha() for c in text) else " ".join(text.split()).casefold()
    return Phone(raw=raw, key=f"raw:{key}", e164=None, tail="", region="", grouped=raw, extension=extension)


def is_region(code: str) -> bool:
    """Whether numbers can be read inside it (ISO 3166-1)."""
    return code in phonenumbers.SUPPORTED_REGIONS


@lru_cache(maxsize=4096)
def zone(e164: str | None) -> str:
    """The time zone (IANA) a number lies in; ``""`` where it may be in several, or is no whole number."""
    if not e164 or not e164.startswith("+"):
        return ""
    zones = [str(z) for z in time_zones_for_number(phonenumbers.parse(e164)) if z != _NO_ZONE]
    return zones[0] if len(zones) == 1 else ""
