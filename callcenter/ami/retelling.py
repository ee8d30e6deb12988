"""Kept messages read again through the same reader, parser and tracker: each with what was concluded, or why nothing
was. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from callcenter.ami import framing
from callcenter.ami import messages as m
from callcenter.ami.parsing import parse
from callcenter.ami.reader import Reader
from callcenter.ami.reasons import Silence, silence, subject
from callcenter.ami.tracker import Event, Tracker
from callcenter.ami.tracks import SETTLE_SECONDS
from callcenter.pbxmap import PbxMap

_LISTED: Final = "CoreShowChannel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One message, or the passing of time (``name`` and ``message`` empty). Exactly one of ``told`` and ``why`` says
    something."""

    at: datetime
    name: str
    message: bytes
    told: tuple[Event, ...] = ()
    why: Silence | None = None


def retell(kept: Iterable[tuple[float, bytes]], map: PbxMap) -> Iterator[Step]:
    """A step a message. ``kept``: what came and when (seconds since 1970), in order.

    Where the first that is known of a channel is a list of what lives, the link was opened in the middle of its call.
    """
    tracker, reader = Tracker(map), Reader()
    at: datetime | None = None
    for moment, message in kept:
        now = datetime.fromtimestamp(moment, UTC)
        yield from _meanwhile(tracker, at, now)
        at = now
        yield _step(tracker, reader, message, now)
    if at is not None:
        yield from _meanwhile(tracker, at, datetime.fromtimestamp(at.timestamp() + 1, UTC))


def _meanwhile(tracker: Tracker, before: datetime | None, now: datetime) -> Iterator[Step]:
    """Nothing of this call came for a moment, and that tells something too."""
    if before is None or not tracker.waiting or (now - before).total_seconds() < SETTLE_SECONDS:
        return
    due = datetime.fromtimestamp(before.timestamp() + SETTLE_SECONDS + 0.001, UTC)
    told = tuple(tracker.feed(m.Tick(at=due, mono=due.timestamp())))
    if told:
        yield Step(at=due, name="", message=b"", told=told)


def _step(tracker: Tracker, reader: Reader, message: bytes, now: datetime) -> Step:
    name = framing.event_name(message).decode("ascii", "replace")
    step = Step(at=now, name=name, message=message)
    try:
        if name == _LISTED:
            return replace(step, **_adopted(tracker, message, now))  # type: ignore[arg-type]
        fields = reader.read(message)
    except framing.Broken:
        return replace(step, why=Silence.UNBELIEVABLE)
    parsed = parse(fields, now, now.timestamp()) if fields else None
    if parsed is None:
        return replace(step, why=Silence.MEANINGLESS)
    before = tracker.channels.get(subject(parsed))
    before = replace(before) if before else None
    told = tuple(tracker.feed(parsed))
    return replace(step, told=told) if told else replace(step, why=silence(parsed, tracker, before))


def _adopted(tracker: Tracker, message: bytes, now: datetime) -> dict[str, object]:
    """A living channel as the PBX lists it: what is new to the tracker is taken up."""
    fields = {**_headers(message), "event": "Newchannel"}
    known = tracker.channels.get(fields.get("uniqueid", ""))
    parsed = parse(fields, now, now.timestamp())
    if known is not None or parsed is None:
        return {"why": Silence.KNOWN}
    told = tuple(tracker.feed(parsed))
    return {"told": told} if told else {"why": Silence.ADOPTED}


def _headers(message: bytes) -> dict[str, str]:
    return {name.lower(): value for name, value in framing.headers(message).items() if isinstance(value, str)}
