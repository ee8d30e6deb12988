"""What a PBX says is there now: channels, queues, the shelf, debts. Asks, and concludes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from callcenter.errors import Unavailable

DEBTS: Final = "callcenter-owes"
DIALLED: Final = frozenset({"AppDial", "AppDial2", "AppQueue"})
_BEING_DIALLED: Final = frozenset({"Down", "Dialing", "Ringing"})
"""States of a leg that nobody has picked up yet; one who calls us is born in Ring."""
Row = Mapping[str, str]
Send = Callable[[Mapping[str, str]], Awaitable[Sequence[Row]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Rows of CoreShowChannels, QueueStatus and ParkedCalls, and the debts by interface; headers in lower case.

    ``hidden`` are the Uniqueids of callers who hide their numbers.
    """

    at: datetime
    mono: float
    channels: tuple[Row, ...]
    members: tuple[Row, ...]
    waiting: tuple[Row, ...]
    debts: Mapping[str, str]
    hidden: frozenset[str] = frozenset()
    parked: tuple[Row, ...] | None = ()
    booted_at: datetime | None = None


async def take(send: Send, at: datetime, mono: float) -> Snapshot:
    """Asks the PBX. Raises Unavailable."""
    queues = await send({"Action": "QueueStatus"})
    channels = await send({"Action": "CoreShowChannels"})
    members = _events(queues, "QueueMember")
    return Snapshot(
        at=at,
        mono=mono,
        channels=_events(channels, "CoreShowChannel"),
        members=members,
        waiting=_events(queues, "QueueEntry"),
        debts=await _debts(send, {row.get("location", "") for row in members}),
        hidden=await _hidden(send, _events(channels, "CoreShowChannel")),
        parked=await _parked(send),
    )


def _events(rows: Iterable[Row], name: str) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.get("event") == name)


async def _hidden(send: Send, channels: Iterable[Row]) -> frozenset[str]:
    """Those of whom our hook says so; it says nothing of legs that were dialled."""
    found = set()
    for row in channels:
        if row.get("uniqueid") != row.get("linkedid") or outgoing(row):
            continue
        try:
            answer = await send({"Action": "Getvar", "Channel": row.get("channel", ""), "Variable": "CC_HIDDEN"})
        except Unavailable:
            continue
        if any(told.get("value") == "yes" for told in answer):
            found.add(row.get("uniqueid", ""))
    return frozenset(found)


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
    rows = _events(answer, "CoreShowChannel")
    whole = answer[-1].get("listitems") == str(len({row["uniqueid"] for row in rows if "uniqueid" in row}))
    return rows if whole else None


def outgoing(row: Row) -> bool:
    return row.get("application") in DIALLED or row.get("channelstatedesc") in _BEING_DIALLED
