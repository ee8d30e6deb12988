"""What of all live calls matters to the gate: who rings, who talks, who owes. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from callcenter.call import Call, Role, Segment
from callcenter.events import CallKey, OfferResult
from callcenter.roster import AgentId, Device
from callcenter.routing.debts import Debt
from callcenter.routing.why import Key, Reason, ReasonKind

K = TypeVar("K")
_NOTHING: Final[frozenset[Part]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An agent's part in a call that is not over. ``agent`` is None at a device nobody sat at.

    ``answered`` False: the phone rings, or was picked up and is not connected yet. Until that is known nothing is
    decided about it: the dialplan may have paused the member a moment ago. ``helps``: the customer is another agent's.
    """

    call: CallKey
    seq: int
    segment: UUID | None
    agent: AgentId | None
    device: Device
    answered: bool
    ringing: bool
    talking: bool
    helps: bool
    owes: bool
    leg_ended: bool
    since: datetime
    call_ended_at: datetime | None
    debt: Debt


def parts(call: Call) -> tuple[Part, ...]:
    """From the first ring until the leg is gone and nothing is owed."""
    return tuple(_part(call, s) for s in call.segments if _rings(call, s) or _held(s))


def _held(segment: Segment) -> bool:
    return segment.answered_at is not None and (segment.owes or not segment.leg_ended)


def _rings(call: Call, segment: Segment) -> bool:
    if call.ended_at is not None or segment.answered_at is not None or segment.leg_ended:
        return False
    return segment.ringing or any(o.result is OfferResult.ANSWERED for o in segment.offers)


def _part(call: Call, segment: Segment) -> Part:
    rang_at = segment.offers[-1].offered_at if segment.offers else call.started_at
    over_at = segment.ended_at if segment.leg_ended else None
    return Part(
        call=call.key,
        seq=segment.seq,
        segment=segment.id,
        agent=segment.agent,
        device=segment.device,
        answered=segment.answered_at is not None,
        ringing=segment.ringing,
        talking=segment.talking,
        helps=segment.role is Role.ASSIST,
        owes=segment.owes,
        leg_ended=segment.leg_ended,
        since=over_at or segment.answered_at or rang_at,
        call_ended_at=call.ended_at,
        debt=Debt(
            uniqueid=call.key.uniqueid,
            at=segment.answered_at or rang_at,
            queue=segment.queue,
            number=call.number_raw,
            did=call.did,
        ),
    )


class Parts:
    """All parts of all calls, found by agent and by device."""

    def __init__(self) -> None:
        self._of_call: dict[CallKey, tuple[Part, ...]] = {}
        self._of_agent: dict[AgentId, set[Part]] = defaultdict(set)
        self._of_device: dict[Device, set[Part]] = defaultdict(set)
        self._debts: dict[CallKey, dict[Key, Reason]] = {}

    def debts(self) -> dict[Key, Reason]:
        """What of all these keeps agents from calls."""
        return {key: debt for found in self._debts.values() for key, debt in found.items()}

    def put(self, call: Call) -> frozenset[Part]:
        """Takes over the call as it is now; the parts that came, went or changed."""
        return self._replace(call.key, parts(call))

    def forget(self, key: CallKey) -> frozenset[Part]:
        return self._replace(key, ())

    def of_call(self, key: CallKey) -> tuple[Part, ...]:
        return self._of_call.get(key, ())

    def of_agent(self, agent: AgentId) -> frozenset[Part]:
        return frozenset(self._of_agent.get(agent, ()))

    def of_device(self, device: Device) -> frozenset[Part]:
        return frozenset(self._of_device.get(device, ()))

    def _replace(self, key: CallKey, now: tuple[Part, ...]) -> frozenset[Part]:
        before = self._of_call.get(key, ())
        if before == now:
            return _NOTHING
        self._of_call.pop(key, None)
        self._debts.pop(key, None)
        for part in before:
            _discard(self._of_device, part.device, part)
            if part.agent is not None:
                _discard(self._of_agent, part.agent, part)
        for part in now:
            self._of_device[part.device].add(part)
            if part.agent is not None:
                self._of_agent[part.agent].add(part)
        if now:
            self._of_call[key] = now
        if debts := {debt.key: debt for part in now if (debt := _debt(part))}:
            self._debts[key] = debts
        return frozenset(before) ^ frozenset(now)


def _discard(index: dict[K, set[Part]], key: K, part: Part) -> None:
    index[key].discard(part)
    if not index[key]:
        del index[key]


def _debt(part: Part) -> Reason | None:
    if not part.answered or part.agent is None or part.segment is None:
        return None
    return Reason(agent=part.agent, kind=ReasonKind.DEBT, ref=str(part.segment), since=part.debt.at)
