"""What becomes of the parts that people have in a call: they are rung, talk, hold, pass it on and leave. Pure."""

from __future__ import annotations

from datetime import datetime

from callcenter.call import Call, Offer, OutcomeState, Role, Segment
from callcenter.events import (
    HandedOver,
    Held,
    Joined,
    Left,
    LegEnded,
    Offered,
    OfferEnded,
    OfferResult,
    Parked,
    Resumed,
)
from callcenter.roster import AgentId, Roster
from callcenter.values import replace


def offered(call: Call, event: Offered, roster: Roster) -> Call:
    """A phone rings: another round of a part that is known, or a new one. One that rings already goes on ringing, at
    another of its addresses."""
    call = _off_the_shelf(call)
    if known := _of_leg(call, event.leg):
        return put(call, known)
    agent = roster.agent_at(event.device, event.at)
    same = [s for s in call.segments if _same_part(s, event, agent)]
    segment = same[-1] if same else _new_segment(call, event, roster)
    if event.result is None and segment.via is event.via and (rings := [o for o in segment.offers if _rings(o, event)]):
        offers = tuple(replace(o, leg=event.leg) if o is rings[-1] else o for o in segment.offers)
        return put(call, replace(segment, offers=offers, leg=event.leg))
    ended = event.at if event.result else None
    offer = Offer(leg=event.leg, device=event.device, offered_at=event.at, ended_at=ended, result=event.result)
    behind = event.result is not None and segment.ringing
    return put(
        call,
        replace(
            segment,
            offers=(*segment.offers, offer),
            leg=segment.leg if behind else event.leg,
            device=segment.device if behind else event.device,
            queue=event.queue or segment.queue,
            ended_at=None if behind else ended,
            leg_ended=False,
        ),
    )


def _rings(offer: Offer, event: Offered) -> bool:
    return offer.ended_at is None and offer.device == event.device


def offer_ended(call: Call, event: OfferEnded) -> Call:
    """A phone rings no more; the part is over when no other of its phones does."""
    segment = _of_leg(call, event.leg)
    if segment is None:
        return call
    offers = tuple(
        replace(o, ended_at=event.at, result=event.result) if o.leg == event.leg and o.ended_at is None else o
        for o in segment.offers
    )
    ended = None if segment.answered_at or any(o.ended_at is None for o in offers) else event.at
    return put(call, replace(segment, offers=offers, ended_at=segment.ended_at or ended))


def joined(call: Call, event: Joined, roster: Roster) -> Call:
    """Somebody talks with the customer: a part that rang, one that goes on, or a new one."""
    call = _off_the_shelf(call)
    segment = _of_leg(call, event.leg)
    if call.gaps and segment and segment.answered_at and segment.leg_ended and segment.leg == event.leg:
        return call  # the PBX had written its end down before we heard of its beginning
    if segment is None or (segment.answered_at is not None and segment.leg_ended):
        segment = _new_segment(call, event, roster)
    offers = tuple(
        replace(o, ended_at=event.at, result=OfferResult.ANSWERED) if o.leg == event.leg and o.ended_at is None else o
        for o in segment.offers
    )
    talking = replace(
        segment,
        offers=offers,
        leg=event.leg,
        device=event.device,
        answered_at=segment.answered_at or event.at,
        ended_at=None,
        talking=True,
        handed_to="",
    )
    if segment.handed_to and not segment.owes:
        talking = replace(talking, outcome_state=OutcomeState.NONE, outcome=None)
    if call.ended_at is not None:
        talking = _stopped(talking, event.at, leg_ended=segment.leg_ended)
    return put(replace(call, answered_at=call.answered_at or event.at), talking)


def passed_on(call: Call, event: HandedOver | Parked) -> Call:
    """A transfer to the parking lot is told as both, in either order: he who parked has passed nobody on."""
    segment = _of_leg(call, event.leg) if event.leg else None
    if isinstance(event, Parked):
        call = replace(call, parked=event.space)
        return put(call, replace(segment, handed_to="")) if segment else call
    return put(call, replace(segment, handed_to=event.to)) if segment and not call.parked else call


def left(call: Call, event: Left | LegEnded) -> Call:
    """Somebody talks no more; after ``LegEnded`` his phone is free."""
    segment = _of_leg(call, event.leg)
    if segment is None or segment.leg != event.leg:
        return call
    gone = isinstance(event, LegEnded)
    return put(call, _stopped(segment, event.at, leg_ended=gone or segment.leg_ended))


def held(call: Call, event: Held | Resumed) -> Call:
    """The customer hears music, or his agent again."""
    segment = _of_leg(call, event.leg)
    if segment is None or not segment.talking:
        return call
    if isinstance(event, Held):
        return put(call, replace(segment, held_since=segment.held_since or event.at))
    held = (event.at - segment.held_since).total_seconds() if segment.held_since else 0.0
    return put(call, replace(segment, held_since=None, hold_s=segment.hold_s + held))


def all_left(call: Call, at: datetime, *, unseen: bool) -> Call:
    """The call is over, and nobody is rung or talks any more. ``unseen``: nobody will tell the end of each leg."""
    for segment in call.segments:
        offers = tuple(
            replace(o, ended_at=at, result=OfferResult.CANCELLED) if o.ended_at is None else o for o in segment.offers
        )
        call = put(call, _stopped(replace(segment, offers=offers), at, leg_ended=segment.leg_ended or unseen))
    return call


def _stopped(segment: Segment, at: datetime, *, leg_ended: bool) -> Segment:
    held = (at - segment.held_since).total_seconds() if segment.held_since else 0.0
    return replace(
        segment,
        talking=False,
        held_since=None,
        hold_s=segment.hold_s + held,
        ended_at=segment.ended_at or at,
        leg_ended=leg_ended,
    )


def _off_the_shelf(call: Call) -> Call:
    return replace(call, parked="") if call.parked else call


def put(call: Call, segment: Segment) -> Call:
    """The call with this part as it is now."""
    kept = tuple(segment if s.seq == segment.seq else s for s in call.segments)
    return replace(call, segments=kept if segment.seq < len(call.segments) else (*kept, segment))


def _new_segment(call: Call, event: Offered | Joined, roster: Roster) -> Segment:
    return Segment(
        seq=len(call.segments),
        agent=roster.agent_at(event.device, event.at),
        extension=roster.extension_at(event.device, event.at),
        device=event.device,
        leg=event.leg,
        role=Role.OWNER,
        via=event.via,
        queue=event.queue if isinstance(event, Offered) else "",
    )


def _of_leg(call: Call, leg: str) -> Segment | None:
    owning = [s for s in call.segments if s.leg == leg or any(o.leg == leg for o in s.offers)]
    return owning[-1] if owning else None


def _same_part(segment: Segment, event: Offered, agent: AgentId | None) -> bool:
    """Another round of ringing the same person is the same part, unless he has talked meanwhile or is rung anew for
    another reason: who let a queue's call go by and is then handed the customer has two parts."""
    if segment.answered_at is not None or (segment.via is not event.via and not segment.ringing):
        return False
    return segment.device == event.device if agent is None else segment.agent == agent
