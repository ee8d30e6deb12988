"""What becomes of a call's pauses of recording, and of what people wish of it. Pure."""

from __future__ import annotations

from datetime import datetime

from callcenter.call import Call, Pause, Told, Wished
from callcenter.recording_events import Announced, Declined, PauseEnd, RecordingPaused, RecordingWished, Wish
from callcenter.values import replace


def hushed(call: Call, event: RecordingPaused) -> Call:
    """From now on nothing is kept; asked for again, it is kept up longer."""
    if call.ended_at is not None:
        return call
    if call.pause:
        return _last(call, replace(call.pause, until=max(call.pause.until, event.until)))
    return replace(call, pauses=(*call.pauses, Pause(from_at=event.at, until=event.until, by=event.by)))


def spoken(call: Call, how: PauseEnd, at: datetime) -> Call:
    """What is said is kept again, or the call is over."""
    if call.pause is None:
        return call
    return _last(call, replace(call.pause, to_at=max(call.pause.from_at, at), ended=how))


def wished(call: Call, event: RecordingWished | Declined) -> Call:
    """Whoever declined once need not do it again, and nobody may start what he declined."""
    if isinstance(event, Declined):
        wish = Wished(wish=Wish.DECLINE, at=event.at)
    else:
        wish = Wished(wish=event.wish, at=event.at, by=event.by, file=event.file)
    return call if call.declined_at else replace(call, wishes=(*call.wishes, wish))


def announced(call: Call, event: Announced) -> Call:
    """Each version of a text once, with what became of it last."""
    others = tuple(one for one in call.notices if one.notice != event.notice)
    return replace(call, notices=(*others, Told(notice=event.notice, at=event.at, result=event.result)))


def _last(call: Call, pause: Pause) -> Call:
    return replace(call, pauses=(*call.pauses[:-1], pause))
