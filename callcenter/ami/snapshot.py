"""What a PBX says is there now: channels, queues, the shelf, debts. Asks, and concludes nothing."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from callcenter.errors import Unavailable
from callcenter.pbxmap import peer

DEBTS: Final = "callcenter-owes"
DIALLED: Final = frozenset({"AppDial", "AppDial2", "AppQueue"})
_BEING_DIALLED: Final = frozenset({"Down", "Dialing", "Ringing"})
"""States of a leg that nobody has picked up yet; one who calls us is born in Ring."""
_PARTS: Final = re.compile(r"[/@:]")
Row = Mapping[str, str]
Send = Callable[[Mapping[str, str]], Awaitable[Sequence[Row]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Rows of CoreShowChannels, QueueStatus and ParkedCalls, and the debts by interface; headers in lower case.

    ``hidden`` are the Uniqueids of callers who hide their numbers, ``dialled`` with what trunks' legs were dialled, by
    their Uniqueids: the caller's extension need not be the number, as in a subroutine it is not, and a leg that runs
    one itself does not look like one that was dialled. ``deaf_since``: since when nobody had listened, None where that
    is not known. ``whole``: whether each channel could be read; what a caller calls himself can spoil the list.
    """

    at: datetime
    mono: float
    channels: tuple[Row, ...]
    members: tuple[Row, ...]
    waiting: tuple[Row, ...]
    debts: Mapping[str, str]
    hidden: frozenset[str] = frozenset()
    dialled: Mapping[str, str] = field(default_factory=dict)
    parked: tuple[Row, ...] | None = ()
    booted_at: datetime | None = None
    deaf_since: datetime | None = None
    whole: bool = True


async def take(send: Send, at: datetime, mono: float, trunk: Callable[[str], bool]) -> Snapshot:
    """Asks the PBX. ``trunk``: whether a channel of this name is one. Raises Unavailable."""
    queues = await send({"Action": "QueueStatus"})
    answer = await send({"Action": "CoreShowChannels"})
    channels = _channels(answer)
    members = _events(queues, "QueueMember")
    came = [row for row in channels if row.get("uniqueid") == row.get("linkedid") and not outgoing(row)]
    others = [row for row in channels if row.get("uniqueid") != row.get("linkedid") and trunk(row.get("channel", ""))]
    sent = await _variable(send, others, "DIALEDPEERNUMBER")
    return Snapshot(
        at=at,
        mono=mono,
        channels=channels,
        members=members,
        waiting=_events(queues, "QueueEntry"),
        debts=await _debts(send, {row.get("location", "") for row in members}),
        hidden=frozenset(u for u, told in (await _variable(send, came, "CC_HIDDEN")).items() if told == "yes"),
        dialled={row["uniqueid"]: with_ for row in others if _names((with_ := sent.get(row["uniqueid"], "")), row)},
        parked=await _parked(send),
        whole=_whole(answer, channels),
    )


def _events(rows: Iterable[Row], name: str) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.get("event") == name)


async def _variable(send: Send, channels: Iterable[Row], name: str) -> dict[str, str]:
    """What a variable says of these channels, by Uniqueid; those that are gone meanwhile say nothing."""
    found = {}
    for row in channels:
        try:
            answer = await send({"Action": "Getvar", "Channel": row.get("channel", ""), "Variable": name})
        except Unavailable:
            continue
        found[row.get("uniqueid", "")] = next((told["value"] for told in answer if "value" in told), "")
    return found


def _names(dialled: str, row: Row) -> bool:
    """Whether this is what the channel was dialled with, ``79161234567@trunk`` of ``PJSIP/trunk-00000001``, and not the
    phone that answered it."""
    name = peer(row.get("channel", "")).partition("/")[2]
    return row.get("application") in DIALLED or name in _PARTS.split(dialled)


async def _parked(send: Send) -> tuple[Row, ...] | None:
    try:
        return _events(await send({"Action": "ParkedCalls"}), "ParkedCall")
    except Unavailable:
        return None


async def _debts(send: Send, interfaces: Collection[str]) -> dict[str, str]:
    """The whole family where the PBX can list it (DBGetTree came with Asterisk 18), else member by member."""
    try:
        rows = await send({"Action": "DBGetTree", "Family": DEBTS})
    except Unavailable:
        rows = []
    found = {row["key"].removeprefix(f"/{DEBTS}/"): row.get("val", "") for row in rows if "key" in row}
    if rows:
        return found
    for interface in interfaces:
        try:
            answer = await send({"Action": "DBGet", "Family": DEBTS, "Key": interface})
        except Unavailable:
            continue
        found[interface] = next((row["val"] for row in answer if "val" in row), "")
    found.pop("", None)
    return found


async def channels(send: Send) -> tuple[Row, ...] | None:
    """The channels there are; None where the list is spoilt. Raises Unavailable."""
    answer = await send({"Action": "CoreShowChannels"})
    rows = _channels(answer)
    return rows if _whole(answer, rows) else None


def _channels(answer: Sequence[Row]) -> tuple[Row, ...]:
    """Those that can be told apart."""
    return tuple(row for row in _events(answer, "CoreShowChannel") if row.get("uniqueid"))


def _whole(answer: Sequence[Row], channels: Sequence[Row]) -> bool:
    return answer[-1].get("listitems") == str(len({row["uniqueid"] for row in channels}))


def outgoing(row: Row) -> bool:
    return row.get("application") in DIALLED or row.get("channelstatedesc") in _BEING_DIALLED
