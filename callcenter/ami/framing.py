"""AMI bytes to header fields. Pure.

A caller may put line breaks into his number, and Asterisk writes them raw: whole lines and whole events can be forged
(at most 79 bytes of them). A genuine event says Privilege in its second line and Timestamp in its third where the PBX
sends times, and says who it is about once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

END: Final = b"\r\n\r\n"
LARGEST: Final = 4 * 1024 * 1024
_REPEATABLE: Final = ("chanvariable", "destchanvariable")
_CHANNEL: Final = ("channel", "channelstate", "channelstatedesc", "calleridnum", "linkedid")
_MEMBER: Final = ("membername", "interface", "stateinterface", "membership", "penalty", "status", "paused")
_RENAME_LINES: Final = 9
_FORMS_KEPT: Final = 1000
_TIME_AT: Final = 2
_TIME: Final = r"-?\d{1,12}\.\d{6}"
_TIMESTAMP: Final = re.compile(f"Timestamp: {_TIME}")
_NO_CLOCK: Final = timedelta(days=1)
_PRIVILEGED: Final = "[a-z]+,all"
_PRIVILEGE: Final = re.compile(f"Privilege: {_PRIVILEGED}")


class Broken(ValueError):
    """A message that cannot be believed; the text says why and never holds its bytes."""


class Framer:
    """Cuts a byte stream into whole messages, however the network cut it."""

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now. Raises Broken when one grows beyond all measure."""
        *whole, self._tail = (self._tail + data).split(END) if self._tail else data.split(END)
        if len(self._tail) > LARGEST:
            raise Broken("a message has no end")
        return whole


def event_name(message: bytes) -> bytes:
    """The event's name, or nothing for responses and noise; looks at the first line only."""
    return message[7 : message.find(b"\r\n")] if message.startswith(b"Event: ") else b""


def decode(message: bytes) -> str:
    """UTF-8, or the first of the old code pages that fits: names are shown, never compared."""
    try:
        return message.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return message.decode("cp1251")
    except UnicodeDecodeError:
        return message.decode("latin-1")


def event_fields(message: bytes, *, timed: bool) -> dict[str, str]:
    """Headers of an event, names in lower case. Raises Broken for what Asterisk cannot have sent."""
    text = decode(message)
    pattern, form = _FORMS.get((text[: text.find("\r\n")], text.count("\n")), _NONE)
    values: Iterable[str]
    if (form.timed or not timed) and (found := pattern.fullmatch(text)):
        values = found.groups()
    else:
        lines = text.split("\r\n")
        form = _form(text, lines, timed=timed)
        _keep(lines, form)
        values = (line.partition(":")[2].removeprefix(" ") for line in lines)
    fields = dict(zip(form.names, values, strict=True))
    if any(fields[name] != "none" for name in form.halves):
        raise Broken("half a channel")
    return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """Which headers an event has: a PBX sends few forms, each of them a thousand times. ``timed``: its third line is a
    time; ``halves`` are the Uniqueids that lack a part of their channel."""

    names: tuple[str, ...]
    timed: bool
    halves: tuple[str, ...]


_FORMS: Final[dict[tuple[str, int], tuple[re.Pattern[str], _Form]]] = {}
"""The last form by event and number of line breaks, with what takes the values out of its text. What does not fit it is
looked at line by line."""
_NONE: Final = re.compile(r"(?!)"), _Form(names=(), timed=False, halves=())


def _form(text: str, lines: Sequence[str], *, timed: bool) -> _Form:
    """Raises Broken."""
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
        raise Broken("half a line break")
    if len(lines) < 2 or not _PRIVILEGE.fullmatch(lines[1]):
        raise Broken("no privilege where it belongs")
    if timed and not _has_time(lines):
        raise Broken("no timestamp where it belongs")
    if not all(":" in line for line in lines):
        raise Broken("a line that is no header")
    names = tuple(line.partition(":")[0].lower() for line in lines)
    if any(times > 1 and not name.startswith(_REPEATABLE) for name, times in Counter(names).items()):
        raise Broken("a header that may stand once stands twice")
    event = lines[0].partition(":")[2].removeprefix(" ")
    return _Form(names=names, timed=_has_time(lines), halves=_halves(event, names))


def _keep(lines: Sequence[str], form: _Form) -> None:
    """Only one that tells every value apart from its blank."""
    if all(line.partition(":")[2].startswith(" ") for line in lines):
        if len(_FORMS) >= _FORMS_KEPT:
            _FORMS.clear()
        _FORMS[lines[0], len(lines) - 1] = _pattern(lines), form


def _has_time(lines: Sequence[str]) -> bool:
    return len(lines) > _TIME_AT and bool(_TIMESTAMP.fullmatch(lines[_TIME_AT]))


def _pattern(lines: Sequence[str]) -> re.Pattern[str]:
    """What is believed of a form is believed of each of its events; any value that is none of that."""
    heads = [re.escape(line.partition(":")[0]) for line in lines]
    values = ["([^\r\n]*)"] * len(lines)
    values[1] = f"({_PRIVILEGED})"
    if _has_time(lines):
        values[_TIME_AT] = f"({_TIME})"
    return re.compile("\r\n".join(f"{head}: {value}" for head, value in zip(heads, values, strict=True)))


def _halves(event: str, names: Collection[str]) -> tuple[str, ...]:
    """Each channel that a genuine event tells of is told in full: more than fits into the 79 bytes of a forged one."""
    if event.startswith("QueueMember"):
        if any(name not in names for name in _MEMBER):
            raise Broken("half a queue member")
        return ()
    if event == "Rename" and len(names) <= _RENAME_LINES:
        return ()
    if event == "OriginateResponse":  # tells of no channel in full; it counts only with an ActionID of ours
        return ()
    if any(of + "channel" in names and of + "uniqueid" not in names for of in ("", "dest")):
        raise Broken("the head of a channel")
    ids = [n for n in names if n.endswith("uniqueid") and not n.endswith(("bridgeuniqueid", "swapuniqueid"))]
    return tuple(n for n in ids if any(n.removesuffix("uniqueid") + part not in names for part in _CHANNEL))


def headers(message: bytes) -> dict[str, str | list[str]]:
    """Headers of a response as they stand; repeated ones (Output) become lists."""
    found: dict[str, str | list[str]] = {}
    for line in decode(message).split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon:
            continue
        value = value.removeprefix(" ")
        known = found.get(name)
        if known is None:
            found[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            found[name] = [known, value]
    return found


def moment(timestamp: str, otherwise: datetime) -> datetime:
    """The moment of a Timestamp header (epoch seconds with microseconds), UTC."""
    try:
        return datetime.fromtimestamp(float(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise


def told_at(timestamp: str, now: datetime) -> datetime:
    """The moment of a message that came just now. A PBX that is a day off has no clock: 1970 after a power cut."""
    found = moment(timestamp, now)
    return found if abs(found - now) < _NO_CLOCK else now
