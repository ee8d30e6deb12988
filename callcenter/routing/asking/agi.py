"""FastAGI as bytes and lines. Pure. https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Gateway-Interface-AGI/

Asterisk opens with lines ``agi_name: value`` up to an empty one; commands follow, a line each, and each is answered by
a line that begins with its code. What a caller sends may stand in those lines, so they are read within bounds; what is
sent back is an argument in quotes, free of everything that could end it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from callcenter.routing.asking.route import Answer, Verdict

LONGEST_LINE: Final = 1024
MOST_LINES: Final = 64
_LONGEST_VALUE: Final = 200
_LONGEST_NAME: Final = 60
PACKED: Final = (
    "CC_ROUTE", "CC_ROUTE_PRIO", "CC_ROUTE_PHONES", "CC_ROUTE_EXTEN", "CC_ROUTE_MEMBER", "CC_ROUTE_WAIT",
    "CC_ROUTE_LANGUAGE", "CC_ROUTE_WHY", "CC_ROUTE_THEN", "CC_ROUTE_SOUND", "CC_ROUTE_BOX", "CC_ROUTE_NAME",
)  # fmt: skip
"""As ``callcenter-answer`` of the dialplan takes them apart."""
_UNSAFE: Final = frozenset('"\\<>')


_OUTGOING: Final = "outgoing"


class Malformed(ValueError):
    """It is no FastAGI, or not as our dialplan speaks it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a call's dialplan asks: ``AGI(agi://host:port/<pbx>/<token>,<queue>,<number>,1)``, queue and number
    URI-encoded, the number empty where it is hidden. ``packed``: a third argument says that it takes the whole answer
    as one variable. ``outgoing``: that argument is ``outgoing``, and there is no queue; it is asked whether the number,
    which a desk phone dialled, may be called. A fourth one is that phone's channel, where another one of a transfer
    asks: the customer who is sent on, or the question that comes before."""

    pbx: str
    token: str
    channel: str
    uniqueid: str
    queue: str
    number: str
    packed: bool = False
    outgoing: bool = False


def asked(lines: Iterable[bytes]) -> Asked:
    """Raises Malformed."""
    told = dict(_pair(line) for line in lines)
    pbx, _, token = told.get("agi_network_script", "").partition("/")
    queue = unquote(told.get("agi_arg_1", ""))
    outgoing = told.get("agi_arg_3") == _OUTGOING
    if not (pbx and token and (queue or outgoing)) or len(queue) > _LONGEST_VALUE:
        raise Malformed("the script is /<pbx>/<token>, its first argument the queue")
    return Asked(
        pbx=pbx,
        token=token,
        channel=unquote(told.get("agi_arg_4", ""))[:_LONGEST_VALUE] or told.get("agi_channel", ""),
        uniqueid=told.get("agi_uniqueid", ""),
        queue=queue,
        number=unquote(told.get("agi_arg_2", ""))[:_LONGEST_VALUE],
        packed=bool(told.get("agi_arg_3")),
        outgoing=outgoing,
    )


def _pair(line: bytes) -> tuple[str, str]:
    name, colon, value = line.decode(errors="replace").rstrip("\r\n").partition(":")
    if not colon or not name.startswith("agi_"):
        raise Malformed("a line is not of the form agi_name: value")
    return name, value.strip()


def commands(answer: Answer, *, packed: bool = False) -> list[bytes]:
    """One a variable, each of which waits for the one before; ``CC_ROUTE`` comes last, as the dialplan believes the
    others only when it is there. Packed, all in one, in the order of ``PACKED``."""
    told = variables(answer)
    if packed:
        whole = "|".join(_clean(told[name]).replace("|", " ") for name in PACKED)
        return [f'SET VARIABLE CC_ROUTED "{whole}"\n'.encode()]
    told = {name: value for name, value in told.items() if value}
    return [f'SET VARIABLE {name} "{_clean(value)}"\n'.encode() for name, value in told.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Whether a number that was dialled may be called. ``all_the_same``: only because of who dials; ``sound``: what
    tells him why not."""

    refused: bool = False
    all_the_same: bool = False
    sound: str = ""


def ruled(ruling: Ruling) -> list[bytes]:
    """As ``callcenter-marked`` of the dialplan reads it."""
    value = f"no|{_clean(ruling.sound)}" if ruling.refused else "yes"
    return [f'SET VARIABLE CC_MAY "{value}"\n'.encode()]


def variables(answer: Answer) -> Mapping[str, str]:
    """What the dialplan reads."""
    person = answer.person
    closed = answer.verdict is not Verdict.QUEUE
    return {
        "CC_ROUTE_PRIO": str(answer.priority) if answer.priority else "",
        "CC_ROUTE_PHONES": "&".join(person.place.phones) if person else "",
        "CC_ROUTE_EXTEN": person.place.extension if person else "",
        "CC_ROUTE_MEMBER": person.place.member if person else "",
        "CC_ROUTE_WAIT": str(person.wait_s) if person else "",
        "CC_ROUTE_LANGUAGE": answer.language,
        "CC_ROUTE_NAME": shown_name(answer.name),
        "CC_ROUTE_WHY": answer.grounds[0].ground if closed else "",
        "CC_ROUTE_THEN": answer.then,
        "CC_ROUTE_SOUND": answer.sound,
        "CC_ROUTE_BOX": answer.mailbox,
        "CC_ROUTE": answer.verdict,
    }


def shown_name(name: str) -> str:
    """As a desk phone may show it: one line, nothing invisible, nothing that ends a quoted string or begins a URI."""
    seen = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFC", name))
    plain = "".join(c for c in seen if c not in _UNSAFE and not unicodedata.category(c).startswith("C"))
    return " ".join(plain.split())[:_LONGEST_NAME].strip()


def _clean(value: str) -> str:
    kept = "".join(c for c in value if c not in _UNSAFE and c.isprintable())
    return kept[:_LONGEST_VALUE]


def accepted(line: bytes) -> bool:
    """Whether a command was carried out."""
    return line.startswith(b"200 ")
