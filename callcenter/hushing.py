"""What becomes of a call's pauses of recording. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from callcenter.call import Call, Pause
from callcenter.events import PauseEnd, RecordingPaused


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


def _last(call: Call, pause: Pause) -> Call:
    return replace(call, pauses=(*call.pauses[:-1], pause))
