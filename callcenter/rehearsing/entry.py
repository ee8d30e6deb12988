"""Where a customer's call enters the PBX to come to a queue: a number of ours, in the context of a trunk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm import maps
from callcenter.crm.models.calls import CallRow, QueueVisitRow
from callcenter.errors import Refused, Unavailable
from callcenter.pbxmap import Kind, PbxMap
from callcenter.rehearsal import MARK
from callcenter.routing.outside import Send
from callcenter.routing.reported import Reported

_SEND_SECONDS: Final = 10.0
_DEEPEST: Final = 6
_CONTEXTS: Final = 60
_NUMBERS: Final = 200
_JUMPS: Final = frozenset({"Goto", "Gosub"})
_WHOLE_TARGET: Final = 3
_WILD: Final = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    did: str
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Our own records: the numbers of the map, and by which one a customer last came to the queue."""

    dids: tuple[str, ...]
    last: str


def known(session: Session, pbx: str, queue: str) -> Known:
    came = (
        select(CallRow.did)
        .join(QueueVisitRow, QueueVisitRow.call_id == CallRow.id)
        .where(CallRow.pbx == pbx, QueueVisitRow.queue == queue, CallRow.did != "")
        .where(CallRow.uniqueid.not_like(f"{MARK}%"))
        .order_by(CallRow.started_at.desc())
        .limit(1)
    )
    return Known(dids=tuple(maps.dids(session, pbx)), last=session.scalars(came).first() or "")


def doors(reported: Reported, map: PbxMap) -> tuple[str, ...]:
    """The contexts in which the calls of trunks begin."""
    trunks = (e.context for e in reported.endpoints if e.context and map.kind(f"{e.peer}-") is Kind.TRUNK)
    return tuple(dict.fromkeys(trunks))


class Dialplan:
    """What the PBX has at a number, asked for once."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._contexts: dict[str, Sequence[Row]] = {}

    async def has(self, context: str) -> bool:
        """Whether there is anything in the context. Raises Unavailable."""
        return bool(await self._rows(context))

    async def leads(self, entry: Entry, queue: str) -> bool:
        """Whether a call that enters there plainly goes on to the queue; what is computed or asked of the caller (a
        menu) is not followed."""
        waiting, seen = [(entry.context, entry.did)], set[tuple[str, str]]()
        for _ in range(_DEEPEST):
            place = next((one for one in waiting if one not in seen), None)
            if place is None:
                return False
            seen.add(place)
            for row in await self._at(*place):
                if _queue_of(row, place[1]) == queue:
                    return True
                waiting += _targets(row, place)
        return False

    async def _at(self, context: str, number: str) -> list[Row]:
        """The lines of a number, in the context itself or in the first one it includes that has it."""
        waiting, seen = [context], set[str]()
        while waiting:
            name = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            rows = await self._rows(name)
            if found := [row for row in rows if fits(row.get("extension", ""), number)]:
                return found
            waiting += [row["includecontext"] for row in rows if row.get("includecontext")]
        return []

    async def _rows(self, context: str) -> Sequence[Row]:
        if context not in self._contexts and len(self._contexts) < _CONTEXTS:
            try:
                answer = await self._send({"Action": "ShowDialPlan", "Context": context}, _SEND_SECONDS)
            except Unavailable as wrong:
                if wrong.code != "pbx_refused":
                    raise
                answer = []
            self._contexts[context] = [row for row in answer if row.get("event") == "ListDialplan"]
        return self._contexts.get(context, ())


async def find(plan: Dialplan, queue: str, did: str, sources: tuple[Reported, PbxMap, Known]) -> Entry:
    """The number and context of a queue; ``did`` is the administrator's own choice. Raises Refused, Unavailable."""
    reported, map, ours = sources
    contexts = doors(reported, map)
    if not contexts:
        raise Refused("no trunk of the map has a context that the PBX reports", code="entry_unknown")
    if did:
        return _placed(did, contexts, reported)
    for entry in _candidates(contexts, reported, ours):
        if await plan.leads(entry, queue):
            return entry
    if ours.last:
        return _placed(ours.last, contexts, reported)
    raise Refused("no number of the PBX plainly leads to this queue", code="entry_unknown")


def _candidates(contexts: Iterable[str], reported: Reported, ours: Known) -> list[Entry]:
    """By which number customers came last, then those of the map, then all the PBX has."""
    found: list[Entry] = []
    for context in contexts:
        numbers = reported.numbers.get(context, frozenset())
        first = [number for number in (ours.last, *ours.dids) if number in numbers]
        found += [Entry(did=number, context=context) for number in dict.fromkeys((*first, *sorted(numbers)))]
    return found[:_NUMBERS]


@lru_cache(maxsize=1024)
def _pattern(extension: str) -> re.Pattern[str] | None:
    """An extension's pattern as Asterisk means it: https://docs.asterisk.org/Configuration/Dialplan/Pattern-Matching/"""
    parts = re.findall(r"\[[^\]]*\]|.", extension[1:].replace("-", "") if "[" not in extension else extension[1:])
    told = [_WILD.get(part.upper(), part if part.startswith("[") else re.escape(part)) for part in parts]
    try:
        return re.compile("".join(told))
    except re.error:
        return None


def fits(extension: str, number: str) -> bool:
    """Whether a number dialled comes to this extension of the dialplan, a pattern or a name."""
    if not extension.startswith("_"):
        return extension == number
    pattern = _pattern(extension)
    return pattern is not None and pattern.fullmatch(number) is not None


def _placed(did: str, contexts: Sequence[str], reported: Reported) -> Entry:
    having = [context for context in contexts if did in reported.numbers.get(context, frozenset())]
    return Entry(did=did, context=(having or list(contexts))[0])


def _queue_of(row: Row, number: str) -> str:
    if row.get("application") != "Queue":
        return ""
    return row.get("appdata", "").split(",")[0].replace("${EXTEN}", number)


def _targets(row: Row, place: tuple[str, str]) -> list[tuple[str, str]]:
    """Where a line plainly jumps to."""
    if row.get("application") not in _JUMPS:
        return []
    target = row.get("appdata", "").partition("(")[0].replace("${EXTEN}", place[1]).split(",")
    if "$" in "".join(target) or len(target) < _WHOLE_TARGET - 1:
        return []
    context, number = target[:2] if len(target) >= _WHOLE_TARGET else (place[0], target[0])
    return [(context, number)]
