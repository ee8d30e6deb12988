"""A call that was not, or only half, seen, and what the PBX wrote down of it: one truth. Pure.

What was seen stays: moments that were heard live, who was given the call, what was logged. What was only concluded (an
end nobody heard, a talk made of a debt) gives way.
"""

from __future__ import annotations

from dataclasses import replace

from callcenter.call import Call, Segment
from callcenter.events import Gap, PauseEnd
from callcenter.hushing import spoken


def filled(seen: Call | None, told: Call, gap: Gap) -> Call:
    """The call as it is known now. ``told`` is the whole of it, ended."""
    if seen is None:
        return replace(told, gaps=(gap,))
    if seen.ended_at is not None and (seen.gaps or not seen.note):
        return seen
    segments = list(seen.segments)
    for segment in told.segments:
        place = next((at for at, known in enumerate(segments) if _same(known, segment)), None)
        if place is None:
            segments.append(replace(segment, seq=len(segments)))
        else:
            segments[place] = _completed(segments[place], segment)
    return replace(
        told,
        id=seen.id,
        customer=seen.customer,
        started_at=seen.started_at,
        number_raw=seen.number_raw,
        number_read=seen.number_read,
        name=seen.name,
        answered_at=seen.answered_at or told.answered_at,
        queues=told.queues if len(told.queues) >= len(seen.queues) else seen.queues,
        segments=tuple(segments),
        recordings=(*seen.recordings, *(path for path in told.recordings if path not in seen.recordings)),
        gaps=seen.gaps if gap in seen.gaps else (*seen.gaps, gap),
        pauses=spoken(seen, PauseEnd.CALL, told.ended_at or gap.to_at).pauses,
    )


def _same(known: Segment, told: Segment) -> bool:
    legs = {known.leg, *(offer.leg for offer in known.offers)} & {told.leg, *(offer.leg for offer in told.offers)}
    return bool(legs) or (_supposed(known) and known.device == told.device and told.answered_at is not None)


def _supposed(segment: Segment) -> bool:
    """Made of a debt that the PBX kept: that he answered is all that was known."""
    return segment.answered_at is not None and segment.answered_at == segment.ended_at


def _completed(known: Segment, told: Segment) -> Segment:
    rung = {offer.leg: offer for offer in told.offers}
    offers = [replace(rung.pop(offer.leg, offer), offered_at=offer.offered_at) for offer in known.offers]
    return replace(
        told,
        seq=known.seq,
        id=known.id,
        agent=known.agent or told.agent,
        extension=known.extension or told.extension,
        offers=(*offers, *rung.values()),
        answered_at=told.answered_at if _supposed(known) else known.answered_at or told.answered_at,
        outcome_state=known.outcome_state,
        outcome=known.outcome,
    )
