"""Telephone numbers: E.164 where one can be had, the raw text always."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, shortnumberinfo
from phonenumbers.timezone import time_zones_for_geographical_number, time_zones_for_number

ANONYMOUS: Final = "anonymous"
WITHHELD: Final = frozenset(
    {
        "",
        "<unknown>",
        ANONYMOUS,
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
_NO_ZONE: Final = "Etc/Unknown"
_SHORT_DIGITS: Final = 6
_LONGEST_SHORT: Final = 8
_SHORTEST_ABROAD: Final = 10
"""Digits of a number that may be read as international without a plus: seven are next door, not Niue."""
_SHORTEST_TAIL: Final = 7
_WORDS: Final = (
    "ext(?:ension)?|x|доб(?:авочный)?|вн(?:утр(?:енний)?)?|int(?:erno)?|dax(?:ili)?|"
    "dahili|durchwahl|app|poste|ramal|wew"
)
_EXTENSION: Final = re.compile(rf"(?:;ext=|[\s,;(]*(?:(?:{_WORDS})\.?|\#)[\s:№]*)(\d{{1,8}})[\s)]*$", re.IGNORECASE)
_LABEL: Final = re.compile(
    r"^(?:t[eé]l[eé]?(?:phone|fono|fon)?|phone|mob(?:ile|il)?|cell?(?:ulare)?|тел(?:ефон)?|моб(?:ильный)?|сот|т|м)[.:\s]+"
    r"(?=[+(\d])",
    re.IGNORECASE,
)
_URI: Final = re.compile(r"^(tel|sips?):\s*([^@;]*)(@[^;]*)?(;.*)?$", re.IGNORECASE)
_CONTEXT: Final = re.compile(r";phone-context=(\+[\d.()-]+)", re.IGNORECASE)
_TRUNK_IN_BRACKETS: Final = re.compile(r"(?<=\d)\s*\(\s*[08]\s*\)")
_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−~"), "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A number as it came and as it is known.

    ``key`` is what cards are found by: E.164 (``+79161234567``) or, where there is none, the digits as they came
    behind ``raw:``. ``tail`` are the last nine digits, or ``""`` for short and unparseable numbers, which must never
    match by accident. ``region`` is an ISO 3166-1 code or ``""``. ``grouped`` is how its country writes it abroad
    (``+7 916 123-45-67``), or the raw text. ``zone`` is the time zone (IANA) it lies in, ``""`` where it may be in
    several.
    """

    raw: str
    key: str
    e164: str | None
    tail: str
    region: str
    grouped: str
    extension: str = ""
    zone: str = ""


def is_withheld(raw: str) -> bool:
    """Whether a caller ID says that the caller hides the number."""
    return raw.strip().lower() in WITHHELD


@lru_cache(maxsize=1024)
def parse(raw: str, region: str) -> Phone:
    """The number of ``raw`` as dialled inside ``region`` (ISO 3166-1, for example ``RU``). Never raises.

    Short numbers (112, 900, four-digit extensions) stay short: libphonenumber would prefix the country's code. Letters
    are not dialled for their keys: ``1-800-FLOWERS`` keeps to itself.
    """
    text, extension = _taken_apart(_plain(raw))
    digits = "".join(c for c in text if c.isdigit())
    if len(digits) < _SHORT_DIGITS or any(c.isalpha() for c in text):
        return _unparsed(raw, text, digits, extension)
    reading = _number(text, digits, region)
    if reading is None:
        return _unparsed(raw, text, digits, extension)
    number, kind = reading
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    found_region = phonenumbers.region_code_for_number(number) or ""
    national = str(number.national_number)
    return Phone(
        raw=raw,
        key=e164,
        e164=e164,
        tail=national[-TAIL:] if len(national) >= _SHORTEST_TAIL else "",
        region=found_region,
        grouped=phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        extension=extension,
        zone=_zone(number, kind),
    )


def _plain(raw: str) -> str:
    """Without invisible marks, with the digits, signs and spaces of an English keyboard."""
    if raw.isascii():
        return raw.strip()
    shown = "".join(c for c in unicodedata.normalize("NFKC", raw) if unicodedata.category(c) != "Cf")
    digits = "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in shown)
    return digits.translate(_DASHES).strip()


def _taken_apart(text: str) -> tuple[str, str]:
    """The number without what stands around it, and its extension."""
    if text.removeprefix("+").isdigit():
        return text, ""
    if uri := _URI.match(text):
        scheme, text, host, more = uri[1].lower(), uri[2].strip(), uri[3] or "", uri[4] or ""
        if scheme == "tel":
            context = _CONTEXT.search(more)
            text = f"{context[1]}{text}" if context and not text.startswith("+") else text
        found = re.search(r";ext=(\d{1,8})", more)
        dialled = bool(host) or scheme == "tel"
        return (text if dialled else f"{scheme}:{text}"), found[1] if found else ""
    text = _LABEL.sub("", text)
    if found := _EXTENSION.search(text):
        return text[: found.start()], found[1]
    return text, ""


def _number(text: str, digits: str, region: str) -> tuple[phonenumbers.PhoneNumber, int] | None:
    """The first reading that is a valid number, and its type: as written, with ``+`` before it (trunks drop it),
    without ``00``, and as dialled at home though a plus stands before it."""
    abroad = text.startswith("+") or len(digits) >= _SHORTEST_ABROAD
    candidates = [text, _TRUNK_IN_BRACKETS.sub("", text)]
    if abroad:
        candidates += [f"+{digits}", f"+{digits.removeprefix('00')}", f"+{digits.removeprefix('810')}"]
    if text.startswith("+"):
        candidates.append(digits)
    for candidate in dict.fromkeys(candidates):
        try:
            number = phonenumbers.parse(candidate, region)
        except NumberParseException:
            continue
        kind = phonenumbers.number_type(number)
        if kind != PhoneNumberType.UNKNOWN:
            return None if _is_short(text, digits, number) else (number, kind)
    return None


def _is_short(text: str, digits: str, number: phonenumbers.PhoneNumber) -> bool:
    """Whether the digits may be something else than a whole number: a service's short number, or one without its area
    code where that is left away next door."""
    if text.startswith("+") or len(digits) > _LONGEST_SHORT:
        return False
    return phonenumbers.is_valid_short_number(number) or _lacks_area(digits, number)


def _lacks_area(digits: str, number: phonenumbers.PhoneNumber) -> bool:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(phonenumbers.region_code_for_number(number) or "ZZ")
    if metadata is None or metadata.general_desc is None or not metadata.national_prefix:
        return False
    if digits.startswith(metadata.national_prefix):
        return False
    return len(str(number.national_number)) < max(metadata.general_desc.possible_length)


def _unparsed(raw: str, text: str, digits: str, extension: str) -> Phone:
    key = digits if digits and not any(c.isalpha() for c in text) else " ".join(text.split()).casefold()
    return Phone(raw=raw, key=f"raw:{key}", e164=None, tail="", region="", grouped=raw, extension=extension)


def is_region(code: str) -> bool:
    """Whether numbers can be read inside it (ISO 3166-1)."""
    return code in phonenumbers.SUPPORTED_REGIONS


def zone(e164: str | None) -> str:
    """The time zone (IANA) a number lies in; ``""`` where it may be in several, or is no whole number."""
    return parse(e164, "ZZ").zone if e164 and e164.startswith("+") else ""


def _zone(number: phonenumbers.PhoneNumber, kind: int) -> str:
    lies = phonenumbers.is_number_type_geographical(kind, number.country_code or 0)
    found = time_zones_for_geographical_number(number) if lies else time_zones_for_number(number)
    zones = [str(zone) for zone in found if zone != _NO_ZONE]
    return zones[0] if len(zones) == 1 else ""


@lru_cache(maxsize=64)
def emergency_numbers(region: str) -> tuple[str, ...]:
    """What calls the police, an ambulance, the fire brigade there; 112 everywhere."""
    short = [*(f"0{n}" for n in range(1, 10)), *(str(n) for n in range(10, 1000))]
    return tuple(sorted({"112", *(n for n in short if shortnumberinfo.is_emergency_number(n, region))}))
