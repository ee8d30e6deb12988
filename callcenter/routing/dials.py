"""A click-to-call from the click to its end: what each leg's fate means for the agent who waits for it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never
from uuid import UUID

from callcenter.call import Call, Result
from callcenter.events import CallKey
from callcenter.pbx_events import LegState, OriginatedLeg, OriginateFailed
from callcenter.roster import AgentId, Device


class DialState(StrEnum):
    """``ASKED``: the PBX was asked. ``RINGING_YOU``: the agent's own phone rings. ``DIALLING``: he has picked up."""

    ASKED = "asked"
    RINGING_YOU = "ringing_you"
    DIALLING = "dialling"
    RINGING_CUSTOMER = "ringing_customer"
    TALKING = "talking"
    ENDED = "ended"
    FAILED = "failed"


class DialReason(StrEnum):
    """Why it came to no talk."""

    YOU_NO_ANSWER = "you_no_answer"
    YOU_REJECTED = "you_rejected"
    YOU_UNREACHABLE = "you_unreachable"
    YOU_HUNG_UP = "you_hung_up"
    CUSTOMER_BUSY = "customer_busy"
    CUSTOMER_NO_ANSWER = "customer_no_answer"
    NUMBER_UNKNOWN = "number_unknown"
    NO_LINE = "no_line"
    PBX_REFUSED = "pbx_refused"
    NO_NEWS = "no_news"


OVER: Final = frozenset({DialState.ENDED, DialState.FAILED})
_FIRST_LEG: Final = frozenset({DialState.ASKED, DialState.RINGING_YOU})
_REJECTED: Final = frozenset({17, 21})
_NOWHERE: Final = frozenset({3, 20, 27, 38})
_CONGESTED: Final = frozenset({34, 41, 42, 44, 58})
_ORIGINATE: Final = {
    0: DialReason.YOU_UNREACHABLE,
    1: DialReason.YOU_REJECTED,
    3: DialReason.YOU_NO_ANSWER,
    5: DialReason.YOU_REJECTED,
    8: DialReason.YOU_UNREACHABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """``id`` is also the Uniqueid of the agent's leg. ``hung_up``: he did.

    ``refused``: the PBX has given up on his phone; why is known when that leg has ended. ``phones``: all of his that
    ring, ``device`` the first of them.
    """

    id: UUID
    agent: AgentId
    device: Device
    number: str
    customer: UUID | None
    task: UUID | None
    asked_at: datetime
    state: DialState = DialState.ASKED
    reason: DialReason | None = None
    call: CallKey | None = None
    hung_up: bool = False
    refused: DialReason | None = None
    phones: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def picked_up(self) -> bool:
        return self.call is not None

    @property
    def face(self) -> tuple[object, ...]:
        """What of it is news."""
        return self.state, self.reason


def failed(dial: Dial, reason: DialReason) -> Dial:
    return dial if dial.over else replace(dial, state=DialState.FAILED, reason=reason)


def leg(dial: Dial, event: OriginatedLeg) -> Dial:
    """The agent's own phone did something."""
    match event.state:
        case LegState.RINGING:
            return replace(dial, state=DialState.RINGING_YOU) if dial.state is DialState.ASKED else dial
        case LegState.ANSWERED:
            return replace(dial, state=DialState.DIALLING, refused=None) if dial.state in _FIRST_LEG else dial
        case LegState.HUNG_UP:
            return replace(dial, hung_up=True)
        case LegState.ENDED:
            return _leg_ended(dial, event.cause)
        case _:
            assert_never(event.state)


def refused(dial: Dial, event: OriginateFailed) -> Dial:
    """The PBX says that the agent's phone could not be had: of one that rejects the same as of one that is not there.
    So its leg's end is waited for, which comes before or after; where there is no leg, nothing was there to ring."""
    if dial.state not in _FIRST_LEG:
        return dial
    why = not_had(event.reason)
    return replace(dial, refused=why) if event.leg_lives else failed(dial, why)


def arrived(dial: Dial, call: Call) -> Dial:
    """The customer is being dialled."""
    return dial if dial.over else replace(dial, state=DialState.RINGING_CUSTOMER, call=call.key)


def changed(dial: Dial, call: Call) -> Dial:
    """The customer's call as it is now."""
    if dial.over:
        return dial
    if call.ended_at is None:
        return replace(dial, state=DialState.TALKING) if call.answered_at is not None else dial
    if call.result is Result.ANSWERED:
        return replace(dial, state=DialState.ENDED)
    return failed(dial, _why(dial, call))


def not_had(reason: int) -> DialReason:
    """Why the PBX could not have somebody's own phone, by the reason of its answer."""
    return _ORIGINATE.get(reason, DialReason.YOU_UNREACHABLE)


def not_taken(cause: int, *, rang: bool) -> DialReason:
    """Why his own phone was not picked up, by the cause of its end."""
    if cause in _REJECTED:
        return DialReason.YOU_REJECTED
    return DialReason.YOU_NO_ANSWER if rang and cause not in _NOWHERE else DialReason.YOU_UNREACHABLE


def _leg_ended(dial: Dial, cause: int) -> Dial:
    if dial.state in _FIRST_LEG:
        return failed(dial, not_taken(cause, rang=dial.state is DialState.RINGING_YOU))
    if dial.call is None:
        return failed(dial, DialReason.YOU_HUNG_UP if dial.hung_up else DialReason.NO_LINE)
    return dial


def _why(dial: Dial, call: Call) -> DialReason:
    """Of a customer's leg that was never answered."""
    if dial.hung_up:
        return DialReason.YOU_HUNG_UP
    if call.cause in _REJECTED:
        return DialReason.CUSTOMER_BUSY
    if call.cause in _CONGESTED or call.cause in _NOWHERE:
        return DialReason.NO_LINE
    return DialReason.NUMBER_UNKNOWN if call.result is Result.FAILED else DialReason.CUSTOMER_NO_ANSWER
