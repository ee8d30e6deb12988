"""The time people have for an outcome: when it is up, and who is not free before it is."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final, TypeAlias

from callcenter.call import Changed, OutcomeState, Segment
from callcenter.contain import contained
from callcenter.decision_events import OutcomeDeferred, OutcomeLapsed, PutOff
from callcenter.events import CallKey
from callcenter.routing.breaks import Breaks
from callcenter.routing.outside import Outside
from callcenter.terms import Afterwards, Demand, Terms, over

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
            await self.look()

    async def look(self) -> None:
        """One look at whose time is up. What fails of one part is tried again at the next look, and delays no other."""
        now, live = self._out.clock.now(), self._out.live()
        self._over = {part: since for part, since in self._over.items() if part[0] in live}
        for part in tuple(self._over):
            with contained("limits", TimeoutError):
                if event := self._due(part, now):
                    await self._out.take(event)

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

    def _due(self, part: _Part, now: datetime) -> OutcomeLapsed | OutcomeDeferred | None:
        """What becomes of a debt now, by the rules of this moment: before the one before it was taken, others may have
        held."""
        (key, seq), rules = part, self._out.rules()
        since, call = self._over.get(part), self._out.live().get(key)
        segment = call.segments[seq] if call else None
        if call is None or segment is None or since is None or not segment.owes or segment.agent is None:
            return None
        mono = self._out.clock.monotonic()
        if rules.timed_out is not None and _is_up(rules.of(call, segment), since, now):
            return OutcomeLapsed(call=key, at=now, mono=mono, segment=seq, outcome=rules.timed_out)
        if released := rules.releases(call, segment, now):
            return OutcomeDeferred(
                call=key,
                at=now,
                mono=mono,
                segment=seq,
                by=released.by,
                why=PutOff.RELEASE,
                holder=segment.agent,
            )
        return None


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
