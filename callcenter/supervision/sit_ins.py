"""A supervisor sits in on a talk: from the click until he hangs up or the talk is over. Pure.

He listens, whispers (the agent hears him) or barges in (the customer does too). He has no part in the call: he is in no
bridge with the customer, owns nothing of it and owes nothing for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never
from uuid import UUID

from callcenter.call import Call, Segment
from callcenter.events import CallKey
from callcenter.pbx_events import LegState, OriginatedLeg, OriginateFailed
from callcenter.roster import AgentId, Device
from callcenter.routing.dials import not_had, not_taken

CONTEXT: Final = "callcenter-spy"
"""Of callcenter.conf; its extensions are the modes."""


class Manner(StrEnum):
    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


class SitInState(StrEnum):
    """``ASKED``: the PBX was asked to ring the supervisor's phone. ``ON``: he has picked up, and hears."""

    ASKED = "asked"
    RINGING = "ringing"
    ON = "on"
    ENDED = "ended"
    FAILED = "failed"


class SitInReason(StrEnum):
    """Why it came to nothing, or ended by itself. ``NOT_ALLOWED``: his right to it, or his last session, is gone.
    ``CUT_OFF``: the PBX let go of a talk that went on, as one whose dialplan does not know our context does."""

    YOU_NO_ANSWER = "you_no_answer"
    YOU_REJECTED = "you_rejected"
    YOU_UNREACHABLE = "you_unreachable"
    TALK_OVER = "talk_over"
    NOT_ALLOWED = "not_allowed"
    CUT_OFF = "cut_off"
    PBX_REFUSED = "pbx_refused"
    NO_NEWS = "no_news"


OVER: Final = frozenset({SitInState.ENDED, SitInState.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """From ``at`` on he sat in like this."""

    mode: Manner
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SitIn:
    """``id`` is also the Uniqueid of the leg to the supervisor, ``phone`` that of the phone he picked up, ``leg`` that
    of the agent's channel. ``turns``: the modes he had so far, ``leaving``: he wants no more. ``told``: the agent
    is shown that he listens; whispering and barging are shown anyway."""

    id: UUID
    by: AgentId
    agent: AgentId
    call: CallKey
    call_id: UUID
    segment: UUID
    leg: str
    device: Device
    phones: tuple[str, ...]
    told: bool
    mode: Manner
    asked_at: datetime
    state: SitInState = SitInState.ASKED
    reason: SitInReason | None = None
    refused: SitInReason | None = None
    phone: str = ""
    began_at: datetime | None = None
    turns: tuple[Turn, ...] = ()
    leaving: bool = False

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def picked_up(self) -> bool:
        return self.state is SitInState.ON

    @property
    def face(self) -> tuple[object, ...]:
        """What of it is news."""
        return self.state, self.reason, self.mode

    @property
    def shown(self) -> bool:
        """Whether its agent is to see it now."""
        return self.state is SitInState.ON and (self.told or self.mode is not Manner.LISTEN)


def part(call: Call, segment: UUID) -> Segment | None:
    """The agent's part that goes on; None where there is none to sit in on."""
    found = next((s for s in call.segments if s.id == segment), None)
    over = call.ended_at is not None or found is None or found.answered_at is None or found.ended_at is not None
    return None if over else found


def failed(sit: SitIn, reason: SitInReason) -> SitIn:
    """It comes to nothing, or what was heard so far is all."""
    if sit.over:
        return sit
    state = SitInState.ENDED if sit.state is SitInState.ON else SitInState.FAILED
    return replace(sit, state=state, reason=reason)


def leg(sit: SitIn, event: OriginatedLeg, at: datetime, *, talk_goes_on: bool) -> SitIn:
    """The supervisor's own phone did something, ``at`` by our clock."""
    if sit.over:
        return sit
    match event.state:
        case LegState.RINGING:
            return replace(sit, state=SitInState.RINGING) if sit.state is SitInState.ASKED else sit
        case LegState.ANSWERED:
            return _picked_up(sit, event, at)
        case LegState.HUNG_UP:
            return replace(sit, leaving=True)
        case LegState.ENDED:
            return _leg_ended(sit, event, talk_goes_on=talk_goes_on)
        case _:
            assert_never(event.state)


def refused(sit: SitIn, event: OriginateFailed) -> SitIn:
    """The PBX could not have his phone; where its leg still lives, its end says why."""
    if sit.state not in (SitInState.ASKED, SitInState.RINGING):
        return sit
    why = SitInReason(not_had(event.reason).value)
    return replace(sit, refused=why) if event.leg_lives else failed(sit, why)


def turned(sit: SitIn, mode: Manner, at: datetime) -> SitIn:
    """He sits in otherwise from now on."""
    if sit.mode is mode and sit.turns:
        return sit
    return replace(sit, mode=mode, turns=(*sit.turns, Turn(mode=mode, at=at)))


def _picked_up(sit: SitIn, event: OriginatedLeg, at: datetime) -> SitIn:
    if sit.state is SitInState.ON:
        return sit
    on = replace(sit, state=SitInState.ON, phone=event.phone or str(sit.id), began_at=at, refused=None)
    return turned(on, on.mode, at)


def _leg_ended(sit: SitIn, event: OriginatedLeg, *, talk_goes_on: bool) -> SitIn:
    if sit.state is SitInState.ON:
        if sit.leaving:
            return replace(sit, state=SitInState.ENDED)
        return failed(sit, SitInReason.CUT_OFF if talk_goes_on else SitInReason.TALK_OVER)
    if sit.leaving:
        return replace(sit, state=SitInState.ENDED)
    why = not_taken(event.cause, rang=sit.state is SitInState.RINGING)
    return failed(sit, SitInReason(why.value))
