"""What a PBX says is there now: channels, queues, the shelf, debts. Asks, and concludes nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from callcenter.errors import Unavailable
from callcenter.pbxmap import peer

DEBTS: Final = "callcenter-owes"
LISTED: Final = "callcenter-debts"
DIALLED: Final = frozenset({"AppDial", "AppDial2", "AppQueue"})
_BEING_DIALLED: Final = frozenset({"Down", "Dialing", "Ringing"})
"""States of a leg that nobody has picked up yet; one who calls us is born in Ring."""
_EMPTY: Final = "entry not found"
"""Asterisk's words for a family without rows."""
_PARTS: Final = re.compile(r"[/@:]")
Row = Mapping[str, str]
Send = Callable[[Mapping[str, str]], Awaitable[Sequence[Row]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Rows of CoreShowChannels, QueueStatus and ParkedCalls, and the debts; headers in lower case.

    ``debts`` are by interface, ``listed`` by interface and Uniqueid, with a slash between them.
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
    listed: Mapping[str, str] = field(default_factory=dict)
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
    interfaces = {row.get("location", "") for row in members} - {""}
    return Snapshot(
        at=at,
        mono=mono,
        channels=channels,
        members=members,
        waiting=_events(queues, "QueueEntry"),
        debts=await _family(send, DEBTS, lambda: _those(interfaces)),
        listed=await _family(send, LISTED, lambda: _calls_of(send, interfaces)),
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


async def _family(send: Send, family: str, keys: Callable[[], AsyncIterator[str]]) -> dict[str, str]:
    """The whole family where the PBX can list it (DBGetTree came with Asterisk 18), else key by key."""
    above, found = f"/{family}/", {}
    try:
        rows = await send({"Action": "DBGetTree", "Family": family})
    except Unavailable as wrong:
        rows = [{}] if _EMPTY in str(wrong) else []
    if rows:
        told = ((row.get("key", ""), row.get("val", "")) for row in rows)
        return {key.removeprefix(above): value for key, value in told if key.startswith(above)}
    async for key in keys():
        try:
            answer = await send({"Action": "DBGet", "Family": family, "Key": key})
        except Unavailable:
            continue
        found[key] = next((row["val"] for row in answer if "val" in row), "")
    return found


async def _those(interfaces: Iterable[str]) -> AsyncIterator[str]:
    for name in interfaces:
        yield name


async def _calls_of(send: Send, interfaces: Iterable[str]) -> AsyncIterator[str]:
    for name in interfaces:
        try:
            answer = await send({"Action": "Getvar", "Variable": f"DB_KEYS({LISTED}/{name})"})
        except Unavailable:
            continue
        calls = next((row["value"] for row in answer if "value" in row), "")
        for call in filter(None, calls.split(",")):
            yield f"{name}/{call}"


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
