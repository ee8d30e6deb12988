"""The time people have for an outcome: when it is up, and who is not free before it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Final, TypeAlias

from callcenter.call import Call, Changed, OutcomeState, Segment
from callcenter.contain import contained
from callcenter.events import CallKey, OutcomeDeferred, OutcomeLapsed, PutOff
from callcenter.routing.breaks import Breaks
from callcenter.routing.outside import Outside
from callcenter.terms import Afterwards, Demand, Released, Terms, over

_LOOK_SECONDS: Final = 1.0
_Part: TypeAlias = tuple[CallKey, int]


class Limits:
    """``start`` once, ``run`` for ever. Time runs from when we heard that a talk was over: a PBX's clock may differ."""

    def __init__(self, outside: Outside, breaks: Breaks) -> None:
        self._out = outside
        self._breaks = breaks
        self._over: dict[_Part, datetime] = {}

    def start(self) -> None:
        """Goes on where the service ended."""
        now = self._out.clock.now()
        for call in self._out.live().values():
            for segment in call.segments:
                if segment.owes and over(call, segment):
                    self._over[call.key, segment.seq] = min(segment.ended_at or now, now)

    async def changed(self, change: Changed) -> None:
        """Before the gate hears that a debt is settled: whoever is kept is not let go in between."""
        call, now = change.after, self._out.clock.now()
        for segment in call.segments:
            if segment.answered_at is None or segment.agent is None or not over(call, segment):
                self._over.pop((call.key, segment.seq), None)
            elif segment.owes:
                self._over.setdefault((call.key, segment.seq), now)
            else:
                await self._settled(change, segment, now)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            with contained("limits", TimeoutError):
                await self.look()

    async def look(self) -> None:
        """One look at whose time is up."""
        now, live = self._out.clock.now(), self._out.live()
        self._over = {part: since for part, since in self._over.items() if part[0] in live}
        for call, segment in list(self._up(now)):
            outcome = self._out.rules().timed_out
            if outcome is not None:
                mono = self._out.clock.monotonic()
                lapse = OutcomeLapsed(call=call.key, at=now, mono=mono, segment=segment.seq, outcome=outcome)
                await self._out.take(lapse)
        for call, segment, released in list(self._let_go(now)):
            if segment.agent is not None:
                mono = self._out.clock.monotonic()
                later = OutcomeDeferred(
                    call=call.key,
                    at=now,
                    mono=mono,
                    segment=segment.seq,
                    by=released.by,
                    why=PutOff.RELEASE,
                    holder=segment.agent,
                )
                await self._out.take(later)
        await self._breaks.expire(now)

    async def _settled(self, change: Changed, segment: Segment, now: datetime) -> None:
        """Of a talk that is over, in whatever order its end and its outcome came."""
        call, terms = change.after, self._out.rules().of(change.after, segment)
        since = self._over.pop((call.key, segment.seq), None)
        if segment.agent is None or not _just_now(change, segment):
            return
        since = since or _since(change, segment, now)
        if segment.outcome_state is OutcomeState.LOGGED and terms.demand is Demand.FULL and terms.limit:
            if (until := since + terms.limit) > now:
                await self._breaks.wrap(segment.agent, until)
        elif isinstance(change.event, OutcomeLapsed) and terms.afterwards is Afterwards.KEPT:
            await self._breaks.lapsed(segment.agent)

    def _let_go(self, now: datetime) -> Iterator[tuple[Call, Segment, Released]]:
        """Those who owe for a queue that is released now."""
        released = self._out.rules().released
        for key, seq in self._over:
            call = self._out.live().get(key)
            segment = call.segments[seq] if call else None
            found = released.get((key.pbx, segment.queue)) if segment and segment.owes else None
            if call and segment and found and found.until > now:
                yield call, segment, found

    def _up(self, now: datetime) -> Iterator[tuple[Call, Segment]]:
        for (key, seq), since in self._over.items():
            call = self._out.live().get(key)
            segment = call.segments[seq] if call else None
            if call and segment and segment.owes and _is_up(self._out.rules().of(call, segment), since, now):
                yield call, segment


def _is_up(terms: Terms, since: datetime, now: datetime) -> bool:
    return terms.demand is Demand.TIMED and terms.limit is not None and since + terms.limit <= now


def _since(change: Changed, segment: Segment, now: datetime) -> datetime:
    """When the talk was over, of a part that owed nothing any more: just now, or long before it was logged."""
    before = change.before
    was = before.segments[segment.seq] if before and segment.seq < len(before.segments) else None
    long_ago = before is not None and was is not None and over(before, was)
    return min(segment.ended_at or now, now) if long_ago else now


def _just_now(change: Changed, segment: Segment) -> bool:
    """This change settled it, or ended the talk that was settled already."""
    before = change.before
    if before is None or segment.seq >= len(before.segments):
        return True
    was = before.segments[segment.seq]
    return was.outcome_state is not segment.outcome_state or not over(before, was)
