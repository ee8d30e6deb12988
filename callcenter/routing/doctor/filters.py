"""The event filters of an AMI user, read as Asterisk reads them. Pure.

The old form is an extended regular expression over the whole text of the event, ``!`` before it excludes. The new form
(20.11, 22.1) names action, event, header and how to compare. Includes alone: what one of them fits; excludes alone:
what none of them fits; both: what an include fits and no exclude does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_CLASSES: Final = {
    "[:cntrl:]": r"\x00-\x1f\x7f",
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:alnum:]": "A-Za-z0-9",
    "[:space:]": r"\s",
    "[:upper:]": "A-Z",
    "[:lower:]": "a-z",
    "[:print:]": r"\x20-\x7e",
}
_PART: Final = re.compile(r"(\w+)\(([^()]*)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One of them. ``line`` as it stands in the file; ``name``: of the event it is about, "" for any; ``header`` is
    whose value is compared, "" for the whole text; ``broken``: no filter at all."""

    line: str
    include: bool
    pattern: re.Pattern[str] | None
    name: str = ""
    header: str = ""
    broken: bool = False
    by_name: bool = False

    def fits(self, event: str, variable: str) -> bool:
        """Whether it is about such an event; ``variable`` is that of a VarSet."""
        if self.broken or (self.name and self.name != event):
            return False
        if self.pattern is None:
            return True
        if self.header:
            value = {"Event": event, "Variable": variable}.get(self.header, "")
            return bool(self.pattern.search(value))
        return bool(self.pattern.search(_text(event, variable)))


def filters(options: Iterable[tuple[str, str]]) -> tuple[Filter, ...]:
    """Those among the settings of a user."""
    return tuple(
        _new(name, value) if name != "eventfilter" else _old(value)
        for name, value in options
        if name.startswith("eventfilter")
    )


def passes(found: Iterable[Filter], event: str, variable: str = "") -> bool:
    """Whether an event comes through all of them."""
    found = [one for one in found if not one.broken]
    included = [one for one in found if one.include]
    barred = any(one.fits(event, variable) for one in found if not one.include)
    return not barred and (not included or any(one.fits(event, variable) for one in included))


def _old(value: str) -> Filter:
    expression = value.removeprefix("!")
    pattern = _compiled(expression)
    return Filter(line=f"eventfilter={value}", include=value == expression, pattern=pattern, broken=pattern is None)


def _new(option: str, value: str) -> Filter:
    parts = dict(_PART.findall(option.removeprefix("eventfilter")[1:-1]))
    method, line = parts.get("method", "regex" if value else "none").lower(), f"{option}={value}"
    expression = {
        "regex": value,
        "exact": f"^{re.escape(value)}$",
        "starts_with": f"^{re.escape(value)}",
        "ends_with": f"{re.escape(value)}$",
        "contains": re.escape(value),
        "none": "",
    }.get(method)
    pattern = _compiled(expression) if expression else None
    broken = expression is None or (bool(expression) and pattern is None) or "action" not in parts
    return Filter(
        line=line,
        include=parts.get("action", "include").lower() == "include",
        pattern=pattern,
        name=parts.get("name", ""),
        header=parts.get("header", ""),
        broken=broken,
        by_name=True,
    )


def _compiled(expression: str) -> re.Pattern[str] | None:
    """A POSIX expression; ``^`` and ``$`` are the ends of the text and ``.`` is any character."""
    for name, letters in _CLASSES.items():
        expression = expression.replace(name, letters)
    try:
        return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", expression), re.DOTALL)
    except (re.error, OverflowError, RecursionError):
        return None


def _text(event: str, variable: str) -> str:
    about = f"Variable: {variable}\r\nValue: x\r\n" if variable else ""
    return (
        f"Event: {event}\r\nPrivilege: call,all\r\nTimestamp: 1700000000.000000\r\nChannel: PJSIP/trunk-00000001\r\n"
        f"ChannelState: 4\r\nChannelStateDesc: Ring\r\n{about}"
    )
