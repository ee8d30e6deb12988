"""Calls told in words: builds the events of a call without repeating keys and times."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from callcenter.call import Call
from callcenter.events import (
    Arrived,
    CallEvent,
    CallKey,
    Direction,
    Ended,
    HandedOver,
    Held,
    Joined,
    Left,
    LegEnded,
    Offered,
    OfferEnded,
    OfferResult,
    Parked,
    QueueJoined,
    QueueLeft,
    QueueResult,
    Resumed,
    Via,
)
from callcenter.ids import new_id
from callcenter.lifecycle import apply
from callcenter.recording_events import RecordingStarted
from callcenter.roster import AgentId, Binding, Device, Roster

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ANNA, BORIS = new_id(), new_id()
DESKS = {"101": ANNA, "102": BORIS}


def device(number: str, pbx: str = "main") -> Device:
    return Device(pbx=pbx, name=f"PJSIP/{number}")


def roster(desks: dict[str, AgentId] | None = None, pbx: str = "main") -> Roster:
    """Anna at 101 and Boris at 102, since long ago."""
    long_ago = START - timedelta(days=1)
    return Roster(
        bindings=tuple(
            Binding(agent=agent, extension=number, devices=frozenset({device(number, pbx)}), since=long_ago)
            for number, agent in (DESKS if desks is None else desks).items()
        )
    )


@dataclass
class Story:
    """A call as it goes: each method is one event, a second after the last."""

    uniqueid: str = "1700000000.1"
    number: str = "+79161234567"
    events: list[CallEvent] = field(default_factory=list)
    seconds: int = 0
    pbx: str = "main"

    def _stamp(self) -> dict[str, object]:
        self.seconds += 1
        return {
            "call": CallKey(pbx=self.pbx, uniqueid=self.uniqueid),
            "at": START + timedelta(seconds=self.seconds),
            "mono": float(self.seconds),
        }

    def _add(self, kind: type[CallEvent], **values: object) -> Story:
        self.events.append(kind(**self._stamp(), **values))  # type: ignore[arg-type]
        return self

    def arrives(self, direction: Direction = Direction.INBOUND) -> Story:
        words = {"number_raw": self.number, "name": "", "did": "7001", "trunk": "PJSIP/trunk", "region": "RU"}
        return self._add(Arrived, direction=direction, born=True, **words)

    def joins(self, queue: str = "support") -> Story:
        return self._add(QueueJoined, queue=queue)

    def leaves(self, result: QueueResult, queue: str = "support") -> Story:
        return self._add(QueueLeft, queue=queue, result=result)

    def rings(self, number: str, leg: str | None = None, queue: str = "support", via: Via = Via.QUEUE) -> Story:
        return self._add(Offered, leg=leg or number, device=device(number, self.pbx), via=via, queue=queue)

    def stops_ringing(self, number: str, result: OfferResult, leg: str | None = None) -> Story:
        return self._add(OfferEnded, leg=leg or number, device=device(number, self.pbx), result=result)

    def answers(self, number: str, leg: str | None = None) -> Story:
        self.stops_ringing(number, OfferResult.ANSWERED, leg)
        return self.talks(number, leg)

    def talks(self, number: str, leg: str | None = None, via: Via = Via.QUEUE) -> Story:
        return self._add(Joined, leg=leg or number, device=device(number, self.pbx), via=via)

    def parts(self, number: str, leg: str | None = None) -> Story:
        return self._add(Left, leg=leg or number, device=device(number, self.pbx))

    def hangs_up(self, number: str, leg: str | None = None) -> Story:
        return self._add(LegEnded, leg=leg or number, device=device(number, self.pbx))

    def holds(self, number: str) -> Story:
        return self._add(Held, leg=number)

    def resumes(self, number: str) -> Story:
        return self._add(Resumed, leg=number)

    def is_handed(self, number: str, to: str) -> Story:
        return self._add(HandedOver, leg=number, via=Via.BLIND, to=to)

    def is_parked(self, number: str) -> Story:
        return self._add(Parked, leg=number, space="701")

    def is_recorded(self, path: str) -> Story:
        return self._add(RecordingStarted, path=path)

    def ends(self, *, by_customer: bool = True, cause: int = 16, note: str = "") -> Story:
        return self._add(Ended, cause=cause, by_customer=by_customer, note=note)

    def told(self, desks: Roster | None = None) -> Call:
        """The call after all of it."""
        call: Call | None = None
        for event in self.events:
            call = apply(call, event, desks or roster())
        if call is None:
            raise AssertionError("the story has no arrival")
        return call


def answered(number: str = "101", **words: str) -> Story:
    """A queue call that was answered, talked through and hung up."""
    story = Story(**words).arrives().joins().rings(number).answers(number)  # type: ignore[arg-type]
    return story.leaves(QueueResult.ANSWERED).parts(number).hangs_up(number).ends()
