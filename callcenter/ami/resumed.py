"""The track of a call that our records hold and whose channel lives. Pure."""

from __future__ import annotations

from callcenter.ami.tracks import Track
from callcenter.call import Call
from callcenter.events import Direction, Via


def resumed(call: Call) -> Track:
    """The track of a call as our records hold it."""
    open_visits = [visit.queue for visit in call.queues if visit.left_at is None]
    track = Track(
        key=call.key,
        via=Via.DIRECT if call.direction is Direction.INBOUND else Via.OUTBOUND,
        queue=open_visits[-1] if open_visits else "",
        talked=call.answered_at is not None,
        shelved=bool(call.parked),
        recordings=set(call.recordings),
        parted=_parted(call),
        sender=_parted(call),
    )
    for segment in call.segments:
        for offer in segment.offers:
            leg = track.leg(offer.leg, offer.device)
            leg.offered, leg.closed, leg.via = True, offer.ended_at is not None, segment.via
        if segment.answered_at is not None:
            leg = track.leg(segment.leg, segment.device)
            leg.talked, leg.joined, leg.via = True, segment.talking, segment.via
            leg.held = segment.held_since is not None
            if segment.leg_ended:
                del track.legs[segment.leg]
    return track


def _parted(call: Call) -> str:
    """The phone of who passed him on last, while nobody has taken him."""
    talked = [segment for segment in call.segments if segment.answered_at is not None]
    last = max(talked, key=lambda segment: segment.answered_at, default=None)  # type: ignore[arg-type,return-value]
    return last.device.name if last and last.handed_to and not last.talking else ""
