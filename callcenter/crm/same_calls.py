"""Which call of ours a story of history is about, where the PBX's records call it by another name.

A call detail record knows an outgoing call by the phone that dialled, the stream and channel events by the customer's
channel. Either is known to the other as a leg.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from callcenter.call import Call
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.events import ASIDE, Arrived, CallEvent, CallKey, Direction, Filled, Joined, Offered
from callcenter.filling import CONCLUDED
from callcenter.ids import minted_at
from callcenter.values import replace

_BEFORE: Final = timedelta(seconds=5)
_YOUNG: Final = timedelta(minutes=1)
"""What a PBX both told and wrote down may come to us twice, but not so far apart."""


def as_known(session: Session, told: Filled) -> Filled:
    """The story under the name that its call has in our records."""
    arrived = told.events[0]
    if not isinstance(arrived, Arrived) or arrived.direction is not Direction.OUTBOUND:
        return told
    legs = {arrived.origin, *(event.leg for event in told.events if isinstance(event, Offered | Joined))} - {""}
    span = CallRow.started_at.between(arrived.at - _BEFORE, told.at)
    wanted = (CallRow.pbx == told.call.pbx, CallRow.direction == Direction.OUTBOUND, span)
    mine = or_(SegmentRow.leg == told.call.uniqueid, CallRow.uniqueid.in_([told.call.uniqueid, *legs]))
    found = select(CallRow.uniqueid).outerjoin(SegmentRow, SegmentRow.call_id == CallRow.id).where(*wanted, mine)
    names = set(session.scalars(found))
    if not names or told.call.uniqueid in names:
        return told
    key = CallKey(pbx=told.call.pbx, uniqueid=min(names))
    return replace(told, call=key, events=tuple(replace(event, call=key) for event in told.events))


def heard(session: Session, call: CallKey) -> bool:
    """Its end was seen, or read before, so that history says nothing new of it: one look instead of the whole call."""
    ended = CallRow.ended_at.is_not(None) & CallRow.note.not_in(CONCLUDED)
    mine = (CallRow.pbx == call.pbx, CallRow.uniqueid == call.uniqueid, ended)
    return session.scalar(select(CallRow.id).where(*mine)) is not None


def said_again(call: Call, event: CallEvent, now: datetime) -> bool:
    """The channel that is born has the Uniqueid of a call that is over."""
    born = isinstance(event, Arrived) and event.born
    return born and call.ended_at is not None and call.id is not None and now - minted_at(call.id) > _YOUNG


def set_aside(session: Session, call: Call) -> Call:
    """The earlier call, by a name that no PBX says."""
    name = f"{call.key.uniqueid}{ASIDE}{call.id}"
    session.execute(update(CallRow).where(CallRow.id == call.id).values(uniqueid=name))
    return replace(call, key=CallKey(pbx=call.key.pbx, uniqueid=name))
