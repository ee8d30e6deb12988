"""A call that was not, or only half, seen, and what the PBX wrote down of it: one truth. Pure, and the same again when
done again.

What was seen stays: moments that were heard live, who was given the call, what was logged. Three things change. What is
missing is added. A moment of ours that lies in the gap was only concluded, from what was there after it, so the PBX's
word for it counts. An end nobody heard, and a talk made of a debt, give way.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from callcenter.call import Call, Offer, OutcomeState, QueueVisit, Result, Segment
from callcenter.events import Gap, GapCause, OfferResult, Via
from callcenter.hushing import spoken
from callcenter.recording_events import PauseEnd
from callcenter.roster import OUTSIDE, Device
from callcenter.values import replace

CONCLUDED: Final = frozenset({"disconnected", "pbx_restart"})
"""Notes of ends that nobody saw."""
_OFF_THE_SHELF: Final = frozenset({Via.PARK, Via.RETURN})
_NEAR: Final = timedelta(seconds=3)
_UNIQUEID: Final = re.compile(r"^(?:.+-)?\d+\.\d+$")


def filled(seen: Call | None, told: Call, gap: Gap) -> Call | None:
    """The call as it is known now. ``told`` is the whole of it, or of a call that goes on all until now; None: one that
    goes on is taken up from the PBX's list, not from here."""
    if seen is None:
        return replace(told, gaps=(gap,)) if told.ended_at else None
    if _heard(seen, gap):
        return seen
    call = _filled(seen, told, gap)
    return seen if _apart(seen, gap) and replace(call, gaps=seen.gaps) == seen else call


def _filled(seen: Call, told: Call, gap: Gap) -> Call:
    if seen.note in CONCLUDED and seen.ended_at is not None:
        gap = replace(gap, to_at=max(gap.to_at, seen.ended_at))
    told = _until(told, gap) if seen.ended_at is None else told
    call = _beginning(seen, told, gap)
    call = replace(call, queues=_visits(call, told, gap), segments=_parts(call, told, gap))
    call = replace(call, recordings=(*call.recordings, *(p for p in told.recordings if p not in call.recordings)))
    wishes = call.wishes if call.declined_at else (*call.wishes, *told.wishes)
    call = replace(call, wishes=wishes, notices=call.notices or told.notices)
    return _ending(call, told, gap)


def deferred(before: Call | None, after: Call) -> Call:
    """Talks that come to light long after they were keep nobody from his next call: their outcomes can wait."""
    known = {s.seq for s in before.segments if s.answered_at is not None} if before else set()
    parts = tuple(
        replace(s, outcome_state=OutcomeState.DEFERRED) if s.owes and s.seq not in known else s for s in after.segments
    )
    return replace(after, segments=parts)


def _heard(seen: Call, gap: Gap) -> bool:
    """Nothing of the call lies in the gap; or it is history, and filled in already."""
    if seen.ended_at is None:
        return False
    if gap.cause is GapCause.HISTORY and seen.gaps:
        return True
    lived_on = seen.ended_at > gap.to_at and seen.started_at <= gap.to_at + _NEAR and gap.cause is not GapCause.HISTORY
    return seen.note not in CONCLUDED and not lived_on


def _apart(seen: Call, gap: Gap) -> bool:
    """By what we know of its times the call came after the gap, or was over before it."""
    over = seen.ended_at is not None and seen.ended_at < gap.from_at
    return gap.cause is not GapCause.HISTORY and (over or seen.started_at > gap.to_at)


def _until(told: Call, gap: Gap) -> Call:
    """What happened to a call of ours long after the gap is heard, or is another gap's."""
    later = gap.to_at + _NEAR
    stays = (
        v if v.left_at is None or v.left_at <= later else replace(v, left_at=None, result=None) for v in told.queues
    )
    lives_on = told.ended_at is not None and told.ended_at > later
    return replace(told, queues=tuple(stays), ended_at=None if lives_on else told.ended_at)


def _beginning(seen: Call, told: Call, gap: Gap) -> Call:
    """One that was found living, or is known by its debt only, was described by what it had become."""
    came = not seen.trunk or _holds(gap, seen.started_at)
    gaps = seen.gaps if gap in seen.gaps else (*seen.gaps, gap)
    call = replace(seen, gaps=gaps, name=seen.name or told.name, did=(came and told.did) or seen.did or told.did)
    call = replace(call, started_at=min(call.started_at, told.started_at)) if came else call
    if not seen.number_raw:
        call = replace(call, number_raw=told.number_raw, number_read=told.number_read)
    if seen.trunk or not told.trunk:
        return call
    return replace(call, direction=told.direction, trunk=told.trunk, region=told.region, number_read=told.number_read)


def _ending(call: Call, told: Call, gap: Gap) -> Call:
    call = replace(call, answered_at=_moment(call.answered_at, told.answered_at, gap))
    if told.ended_at is None:
        return _still_over(replace(call, parked=call.parked or told.parked))
    if call.ended_at is not None and call.note not in CONCLUDED:
        known_better = _holds(gap, call.answered_at) or call.ended_at - gap.to_at < _NEAR
        return replace(call, result=told.result) if known_better else call
    call = replace(_shut(spoken(call, PauseEnd.CALL, told.ended_at), told.ended_at), parked="")
    answered_at = call.answered_at or told.answered_at
    return replace(call, answered_at=answered_at, result=told.result, cause=told.cause, note=told.note)


def _still_over(call: Call) -> Call:
    """What the PBX has written so far knows nothing of an end that was heard or concluded: of one that was concluded,
    when it was at the earliest."""
    if call.ended_at is None:
        return call
    call = _shut(call, max(call.ended_at, call.last_sign) if call.note in CONCLUDED else call.ended_at)
    return replace(call, result=Result.ANSWERED) if call.answered_at else call


def _shut(call: Call, at: datetime) -> Call:
    visits = tuple(visit if visit.left_at else replace(visit, left_at=at) for visit in call.queues)
    return replace(call, queues=visits, segments=tuple(_over(part, at) for part in call.segments), ended_at=at)


def _over(segment: Segment, at: datetime) -> Segment:
    """Nobody rings and nobody talks when the customer is gone."""
    offers = tuple(
        offer if offer.ended_at else replace(offer, ended_at=at, result=OfferResult.CANCELLED)
        for offer in segment.offers
    )
    ended = segment.ended_at or at
    return replace(segment, offers=offers, ended_at=ended, talking=False, held_since=None, leg_ended=True)


def _visits(kept: Call, told: Call, gap: Gap) -> tuple[QueueVisit, ...]:
    """In the order in which he came: the last is where he was missed. The PBX may have written whole seconds, but in
    order."""
    visits, order = list(kept.queues), dict[int, int]()
    for n, one in enumerate(told.queues):
        span = (one.joined_at, one.left_at)
        same = (at for at, v in enumerate(visits) if v.queue == one.queue and _meet((v.joined_at, v.left_at), span))
        place = next(same, None)
        if place is None and not _meet(span, (gap.from_at, gap.to_at)):
            continue
        order[len(visits) if place is None else place] = n
        if place is None:
            visits.append(one)
        elif one.left_at and _left_within(visits[place].left_at, one.left_at, gap):
            visits[place] = replace(visits[place], left_at=one.left_at, result=one.result)
    in_time = sorted(range(len(visits)), key=lambda at: visits[at].joined_at)
    known = sorted(order, key=lambda at: order[at])
    return tuple(visits[at] for at in (known if len(known) == len(visits) else in_time))


def _left_within(known: datetime | None, told: datetime, gap: Gap) -> bool:
    """Who stands there for all we know may leave it later, which then is heard, or is another gap's."""
    return told <= gap.to_at if known is None else _holds(gap, known) and told <= gap.to_at + _NEAR


def _parts(kept: Call, told: Call, gap: Gap) -> tuple[Segment, ...]:
    parts, used = list(kept.segments), set[int]()
    for one in told.segments:
        place = _place(parts, one, used)
        if place is not None:
            part = _completed(parts[place], one, gap)
            shelved = told.parked or any(s.via in _OFF_THE_SHELF for s in told.segments[one.seq + 1 :])
            parts[place] = replace(part, handed_to=one.handed_to) if shelved else part
            used.add(place)
        elif _meet(_span(one), (gap.from_at, gap.to_at)):
            used.add(len(parts))
            parts.append(replace(one, seq=len(parts)))
    return tuple(parts)


def _place(parts: list[Segment], told: Segment, used: set[int]) -> int | None:
    """The part that is meant: by a leg, first of all the one that talked; else by device and time where one of the two
    does not know its leg's Uniqueid, as records and debts do not."""
    free = [at for at in range(len(parts)) if at not in used]
    legs = _legs(told)
    by_leg = sorted((at for at in free if legs & _legs(parts[at])), key=lambda at: parts[at].leg != told.leg)
    vague = [at for at in free if not (_plain(told.leg) and _plain(parts[at].leg))]
    by_time = [at for at in vague if parts[at].device == told.device and _meet(_span(parts[at]), _span(told))]
    supposed = [at for at in vague if _supposed(parts[at]) and parts[at].device == told.device and told.answered_at]
    return next(iter(by_leg or by_time or supposed), None)


def _plain(leg: str) -> bool:
    return _UNIQUEID.match(leg) is not None


def _legs(segment: Segment) -> frozenset[str]:
    return frozenset((segment.leg, *(offer.leg for offer in segment.offers)))


def _supposed(segment: Segment) -> bool:
    """Made of a debt that the PBX kept: that he answered is all that was known."""
    return segment.answered_at is not None and segment.answered_at == segment.ended_at


def _completed(known: Segment, told: Segment, gap: Gap) -> Segment:
    supposed = _supposed(known)
    answered_at = told.answered_at if supposed else _moment(known.answered_at, told.answered_at, gap)
    via, queue = _way(known, told, gap)
    picked_up = told if known.answered_at is None and told.answered_at is not None else known
    part = replace(
        known,
        agent=known.agent or told.agent,
        extension=known.extension or told.extension,
        leg=told.leg if supposed else picked_up.leg,
        device=told.device if _nameless(picked_up.device) and told.leg == picked_up.leg else picked_up.device,
        via=via,
        queue=queue,
        handed_to=known.handed_to or told.handed_to,
        offers=_offers(known, told, gap),
        answered_at=answered_at,
    )
    if not (supposed or _left_unheard(known.ended_at, told.ended_at, gap)):
        return part
    gone = known.leg_ended or told.leg_ended
    return replace(part, ended_at=told.ended_at, talking=False, held_since=None, leg_ended=gone)


def _way(known: Segment, told: Segment, gap: Gap) -> tuple[Via, str]:
    """How he came by the customer, and from which queue. If it was in the gap or later, what led to it was perhaps not
    heard; direct is also what is said where nothing is known."""
    begun = known.offers[0].offered_at if known.offers else known.answered_at
    if begun is not None and begun >= gap.from_at and told.via is not Via.DIRECT:
        return told.via, told.queue
    unheard = _supposed(known) or _ours(known.answered_at, gap) or _holds(gap, told.answered_at)
    via = told.via if unheard else known.via
    return via, known.queue or told.queue


def _nameless(device: Device) -> bool:
    """Somebody outside who was seen by the line he was reached on, not by the number that was dialled."""
    return device.outside and "/" in device.name.removeprefix(OUTSIDE)


def _left_unheard(known: datetime | None, told: datetime | None, gap: Gap) -> bool:
    """He had left when somebody listened again, also where he had been away for a moment when the gap began."""
    if told is None or told > gap.to_at + _NEAR:
        return False
    return _ours(known, gap) or (_holds(gap, told) and known is not None and known < told)


def _offers(known: Segment, told: Segment, gap: Gap) -> tuple[Offer, ...]:
    offers = list(known.offers)
    for one in told.offers:
        place = next((at for at, offer in enumerate(offers) if offer.leg == one.leg or _near(offer, one)), None)
        if place is None:
            offers.append(one)
        elif one.ended_at and one.ended_at <= gap.to_at + _NEAR:
            offers[place] = _rang(offers[place], one, gap)
    return tuple(offers)


def _rang(known: Offer, told: Offer, gap: Gap) -> Offer:
    """Why it ended may be known only by what was before it; that nobody answered is what is said where nothing is."""
    if _ours(known.ended_at, gap):
        return replace(known, ended_at=told.ended_at, result=told.result)
    near = known.ended_at is not None and gap.to_at < known.ended_at < gap.to_at + _NEAR
    return replace(known, result=told.result) if near and known.result is OfferResult.NO_ANSWER else known


def _near(one: Offer, other: Offer) -> bool:
    vague = not (_plain(one.leg) and _plain(other.leg))
    return vague and one.device == other.device and abs(one.offered_at - other.offered_at) < _NEAR


def _moment(known: datetime | None, told: datetime | None, gap: Gap) -> datetime | None:
    """What the PBX wrote counts where nothing is known, or where we only know that it was so after the gap."""
    if known is None:
        return told if told and told <= gap.to_at + _NEAR else None
    earlier = told is not None and told <= known and (_holds(gap, known) or _holds(gap, told))
    return told if earlier else known


def _ours(known: datetime | None, gap: Gap) -> bool:
    return known is None or _holds(gap, known)


def _holds(gap: Gap, at: datetime | None) -> bool:
    return at is not None and gap.from_at <= at <= gap.to_at


def _span(segment: Segment) -> tuple[datetime, datetime | None]:
    begins = [*(offer.offered_at for offer in segment.offers), *([segment.answered_at] if segment.answered_at else [])]
    return min(begins), segment.ended_at


def _meet(one: tuple[datetime, datetime | None], other: tuple[datetime, datetime | None]) -> bool:
    latest = max(one[0], other[0]) - _NEAR
    return all(end is None or end >= latest for end in (one[1], other[1]))
