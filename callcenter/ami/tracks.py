"""What a customer's call is told of: the legs that ring for it or talk with it, its queue visits. Pure.

Each thing is told once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypedDict
from uuid import UUID

from callcenter.ami.legs import Leg, When
from callcenter.events import (
    CallEvent,
    CallKey,
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
from callcenter.recording_events import Announced, Declined, NoticeResult, RecordingStarted
from callcenter.roster import Device

SETTLE_SECONDS: Final = 0.25
USER_BUSY: Final = 17
_BUSY: Final = frozenset({USER_BUSY, 21})
_FROM_QUEUE: Final = frozenset({Via.QUEUE, Via.PICKUP})
_ELSEWHERE: Final = 26
_NOWHERE: Final = frozenset({1, 3, 20, 27, 38})
_SHUT: Final = frozenset({QueueResult.FULL, QueueResult.EMPTY})
PATIENCE_SECONDS: Final = 1.0


class _Stamp(TypedDict):
    call: CallKey
    at: datetime
    mono: float


@dataclass(slots=True)
class Track:
    """``via`` is how the next leg comes to the call. ``queue``: the visit that is open; ``left``: since when (monotonic
    seconds) it is over for the PBX, which has not said why; ``stands_in``: the half of a Local channel that waits in
    it in his place. ``sender``: the device that sent him on last without asking anybody: where it rings for him while
    he is under way, he is back. ``parted``: the device that transferred him last after asking a colleague: it rings
    again, dialled by nobody, when the colleague does not answer. ``shelved``: he is parked. ``bound_for``: the queue he
    was sent to last. ``message``: he left one. ``unreached``: legs that never were, of phones without an address.
    ``fell_silent``: when each phone rang last (monotonic seconds). ``coming``: how legs come that are yet untold."""

    key: CallKey
    legs: dict[str, Leg] = field(default_factory=dict)
    via: Via = Via.DIRECT
    queue: str = ""
    stands_in: str = ""
    left: float | None = None
    abandoned: bool = False
    talked: bool = False
    ended: bool = False
    parted: str = ""
    sender: str = ""
    shelved: bool = False
    bound_for: str = ""
    message: bool = False
    recordings: set[str] = field(default_factory=set)
    unreached: set[str] = field(default_factory=set)
    fell_silent: dict[Device, float] = field(default_factory=dict)
    coming: dict[str, Via] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Nothing can follow."""
        return self.ended and not self.legs

    @property
    def unsettled(self) -> bool:
        return any(leg.leaving or leg.parted for leg in self.legs.values())

    def leg(self, uniqueid: str, device: Device) -> Leg:
        return self.legs.setdefault(uniqueid, Leg(device=device, via=self.coming.pop(uniqueid, None)))

    def offered(self, when: When, uniqueid: str) -> Iterable[CallEvent]:
        leg = self.legs[uniqueid]
        if leg.offered or leg.talked or self.ended:
            return
        via = leg.via or self._via(leg.device.name)
        if any((other.rings, other.device, other.via) == (True, leg.device, via) for other in self.legs.values()):
            leg.beside = True
            return
        if self.left is not None:
            yield from self.queue_left(when, QueueResult.EXIT)
        leg.offered, leg.rung, leg.via = True, when.mono, via
        yield Offered(**self._stamp(when), leg=uniqueid, device=leg.device, via=leg.via, queue=self.queue)

    def never_rang(self, when: When, leg: Device, uniqueid: str, cause: int, since: float) -> Iterable[CallEvent]:
        """A phone that was dialled at ``since`` (monotonic seconds) and did not even ring. Of one that had no time to,
        because somebody else answered or the customer gave up, nothing is known."""
        if self.ended or cause == _ELSEWHERE or self._answered_since(since) or self._rang_since(leg, since):
            return
        if cause not in _BUSY and cause not in _NOWHERE and when.mono - since < PATIENCE_SECONDS:
            return
        result = OfferResult.REJECTED if cause in _BUSY else OfferResult.UNREACHABLE
        yield Offered(**self._stamp(when), leg=uniqueid, device=leg, via=self._via(), queue=self.queue, result=result)

    def unreachable(self, when: When, device: Device) -> Iterable[CallEvent]:
        """A phone without an address was to ring; its only leg is the one we make up, told once."""
        leg = f"{self.key.uniqueid}/{device.name}"
        if self.ended or leg in self.unreached:
            return
        self.unreached.add(leg)
        result = OfferResult.UNREACHABLE
        yield Offered(**self._stamp(when), leg=leg, device=device, via=self._via(), queue=self.queue, result=result)

    def _rang_since(self, device: Device, since: float) -> bool:
        """Another address of the same phone did ring."""
        still = any(leg.rings and leg.device == device for leg in self.legs.values())
        return still or self.fell_silent.get(device, since - 1) >= since

    def _answered_since(self, since: float) -> bool:
        return any(leg.answered is not None and leg.answered >= since for leg in self.legs.values())

    def offer_ended(self, when: When, uniqueid: str, result: OfferResult) -> Iterable[CallEvent]:
        leg = self.legs[uniqueid]
        if leg.beside:
            leg.beside = False
            yield from self._took_over(when, uniqueid, leg) if result is OfferResult.ANSWERED else ()
        if leg.rings and result is not OfferResult.ANSWERED:
            beside = next((u for u, other in self.legs.items() if other.beside and other.device == leg.device), "")
            yield from self._took_over(when, beside, self.legs[beside]) if beside else ()
        if leg.rings:
            leg.closed = True
            self.fell_silent[leg.device] = when.mono
            leg.answered = when.mono if result is OfferResult.ANSWERED else None
            yield OfferEnded(**self._stamp(when), leg=uniqueid, device=leg.device, result=result)

    def _took_over(self, when: When, uniqueid: str, leg: Leg) -> Iterable[CallEvent]:
        """Of two addresses of one phone the other goes on ringing, or is picked up: still the one offer of this phone,
        told under this leg from now on."""
        first = next((f for f in self.legs.values() if f.rings and f.device == leg.device), None)
        if first is None:
            return
        first.closed, leg.beside = True, False
        leg.offered, leg.rung, leg.via = True, first.rung, leg.via or first.via
        yield Offered(
            **self._stamp(when), leg=uniqueid, device=leg.device, via=leg.via or self._via(), queue=self.queue
        )

    def hears(self, when: When, devices: Mapping[str, Device]) -> Iterable[CallEvent]:
        """``devices`` are the legs that hear the customer now, all of them."""
        if self.ended:
            return
        for uniqueid, leg in self.legs.items():
            if leg.joined and uniqueid not in devices and leg.leaving is None:
                leg.leaving = when
        for uniqueid, device in devices.items():
            yield from self._joined(when, uniqueid, self.leg(uniqueid, device))

    def _joined(self, when: When, uniqueid: str, leg: Leg) -> Iterable[CallEvent]:
        leg.leaving = None
        if leg.joined:
            return
        via = leg.via or (Via.QUEUE if self.queue and self.left is None else self._via())
        yield from self.offer_ended(when, uniqueid, OfferResult.ANSWERED)
        yield from self.queue_left(when, QueueResult.ANSWERED if via in _FROM_QUEUE else QueueResult.EXIT)
        if not leg.offered and self.shelved:
            via = leg.via or Via.PARK
        elif not leg.offered and via is Via.BLIND and self.via is not Via.BLIND:
            via = Via.ATTENDED  # nobody rang him for the customer: he was talked to first
        self.shelved = False
        leg.joined = leg.talked = self.talked = True
        leg.via = via
        yield Joined(**self._stamp(when), leg=uniqueid, device=leg.device, via=via)

    def _via(self, device: str = "") -> Via:
        if self.queue and self.left is None:
            return Via.QUEUE
        if self.shelved:
            return Via.RETURN
        via = Via.BLIND if self.talked and self.via is Via.DIRECT else self.via
        return Via.RETURN if via is Via.BLIND and device and device == self.sender else via

    def settle(self, mono: float) -> Iterable[CallEvent]:
        """Tells of those who left and did not come back at once."""
        for uniqueid, leg in tuple(self.legs.items()):
            if leg.leaving and mono - leg.leaving.mono >= SETTLE_SECONDS:
                yield from self._left(leg.leaving, uniqueid, leg)
            if leg.parted and mono - leg.parted.mono >= SETTLE_SECONDS:
                yield from self.leg_gone(leg.parted, uniqueid, OfferResult.ANSWERED)

    def _left(self, when: When, uniqueid: str, leg: Leg) -> Iterable[CallEvent]:
        when = leg.leaving or when
        leg.joined = leg.held = False
        leg.leaving = None
        yield Left(**self._stamp(when), leg=uniqueid, device=leg.device)

    def leg_gone(self, when: When, uniqueid: str, result: OfferResult) -> Iterable[CallEvent]:
        yield from self.offer_ended(when, uniqueid, result)
        leg = self.legs.pop(uniqueid)
        if leg.joined:
            yield from self._left(when, uniqueid, leg)
        if leg.talked:
            yield LegEnded(**self._stamp(when), leg=uniqueid, device=leg.device)

    def why_unanswered(self, uniqueid: str, cause: int, *, customer_gone: bool) -> OfferResult:
        rung = self.legs[uniqueid].rung
        if cause == _ELSEWHERE or self._answered_since(rung):
            return OfferResult.ANSWERED_ELSEWHERE
        if customer_gone:
            return OfferResult.CANCELLED
        if cause in _BUSY:
            return OfferResult.REJECTED
        return OfferResult.UNREACHABLE if cause in _NOWHERE else OfferResult.NO_ANSWER

    def held(self, when: When, uniqueid: str, *, on: bool) -> Iterable[CallEvent]:
        """Asterisk says Unhold at every transfer, also where nobody held."""
        leg = self.legs[uniqueid]
        if leg.joined and leg.held != on:
            leg.held = on
            yield (Held if on else Resumed)(**self._stamp(when), leg=uniqueid)

    @property
    def alone(self) -> bool:
        """Nobody of ours talks with him."""
        return not any(leg.joined for leg in self.legs.values())

    def handed_over(self, when: When, uniqueid: str, to: str) -> Iterable[CallEvent]:
        if uniqueid in self.legs and self.legs[uniqueid].talked and not self.ended and not self.shelved:
            yield HandedOver(**self._stamp(when), leg=uniqueid, via=self.via, to=to)

    def parked(self, when: When, space: str, parker: str) -> Iterable[CallEvent]:
        by = [uniqueid for uniqueid, leg in self.legs.items() if leg.talked and leg.device.name == parker]
        if not self.ended:
            self.shelved, self.via = True, Via.DIRECT
            yield Parked(**self._stamp(when), leg=by[-1] if by else "", space=space)

    def unparked(self, when: When) -> Iterable[CallEvent]:
        """He is on the shelf no more; where he is, nobody has told."""
        self.shelved = False
        yield Parked(**self._stamp(when), leg="", space="")

    def queue_joined(self, when: When, queue: str) -> Iterable[CallEvent]:
        if self.queue == queue and self.left is None:
            return
        yield from self.queue_left(when, QueueResult.EXIT)
        self.queue = queue
        yield QueueJoined(**self._stamp(when), queue=queue)

    def queue_left(self, when: When, result: QueueResult) -> Iterable[CallEvent]:
        if self.queue:
            queue, self.queue, self.stands_in = self.queue, "", ""
            self.left, self.abandoned = None, False
            yield QueueLeft(**self._stamp(when), queue=queue, result=result)

    def queue_ended(self, when: When, result: QueueResult) -> Iterable[CallEvent]:
        """A queue that does not let him in tells nothing but that."""
        if not self.queue and result in _SHUT and self.bound_for:
            yield QueueJoined(**self._stamp(when), queue=self.bound_for)
            yield QueueLeft(**self._stamp(when), queue=self.bound_for, result=result)
        else:
            yield from self.queue_left(when, result)
        self.bound_for = ""

    def recorded(self, when: When, path: str) -> Iterable[CallEvent]:
        if path not in self.recordings:
            self.recordings.add(path)
            yield RecordingStarted(**self._stamp(when), path=path)

    def announced(self, when: When, notice: UUID, result: NoticeResult) -> CallEvent:
        return Announced(**self._stamp(when), notice=notice, result=result)

    def declined(self, when: When) -> CallEvent:
        return Declined(**self._stamp(when))

    def end(self, when: When, cause: int, *, by_customer: bool) -> Iterable[CallEvent]:
        for uniqueid, leg in tuple(self.legs.items()):
            yield from self.offer_ended(when, uniqueid, OfferResult.CANCELLED)
            if leg.joined:
                yield from self._left(when, uniqueid, leg)
            if not leg.talked:
                del self.legs[uniqueid]
        before = self.left is not None and when.mono - self.left >= SETTLE_SECONDS
        walked_out = before and not self.abandoned and all(leg.answered is None for leg in self.legs.values())
        yield from self.queue_left(when, QueueResult.EXIT if walked_out else QueueResult.ABANDONED)
        self.ended = True
        yield Ended(**self._stamp(when), cause=cause, by_customer=by_customer, message=self.message)

    def _stamp(self, when: When) -> _Stamp:
        return {"call": self.key, "at": when.at, "mono": when.mono}
