"""A stream told as the calls it became: what the tracker concludes, folded as the ledger folds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from callcenter.ami import framing
from callcenter.ami.messages import Tick
from callcenter.ami.parsing import parse
from callcenter.ami.reader import Reader
from callcenter.ami.tracker import Event, Tracker
from callcenter.call import Call, Segment
from callcenter.events import CallKey
from callcenter.lifecycle import apply
from callcenter.pbx_events import MemberState
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.roster import Binding, Device, Roster
from tests.lab.freepbx.shape import FREEPBX
from tests.spine.story import ANNA, BORIS

CAPTURES = Path(__file__).parents[1] / "captures"
CLARA = BORIS.__class__(int=BORIS.int ^ 1)
DESKS = {"101": ANNA, "102": BORIS, "103": CLARA}
MAP = PbxMap(
    pbx="main",
    region="RU",
    rules=(
        Rule(pattern="PJSIP/trunk*", kind=Kind.TRUNK),
        Rule(pattern="PJSIP/anonymous", kind=Kind.TRUNK),
        Rule(pattern="PJSIP/1??", kind=Kind.DEVICE),
        Rule(pattern="PJSIP/mtt-msk", kind=Kind.TRUNK),
        Rule(pattern="PJSIP/200?", kind=Kind.DEVICE),
    ),
)
"""Of both shapes of PBX that were captured: no name of the one means anything on the other."""
ROSTER = Roster(
    bindings=tuple(
        Binding(
            agent=agent,
            extension=number,
            devices=frozenset(Device(pbx="main", name=f"PJSIP/{name}") for name in (number, FREEPBX.endpoints[number])),
            since=datetime.min.replace(tzinfo=UTC),
        )
        for number, agent in DESKS.items()
    )
)


@dataclass(frozen=True)
class Tale:
    """``left`` is what the tracker still holds when the stream ends: channels and calls."""

    events: list[Event]
    calls: list[Call]
    left: tuple[int, int]

    @property
    def call(self) -> Call:
        (call,) = self.calls
        return call

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events if not isinstance(event, MemberState)]


def fields_of(stream: bytes) -> list[dict[str, str]]:
    """The believable events that matter."""
    reader, found = Reader(), []
    for message in framing.Framer().feed(stream):
        try:
            fields = reader.read(message.lstrip(b"\r\n"))
        except framing.Broken:
            continue
        if fields:
            found.append(fields)
    return found


def fold(messages: Iterable[dict[str, str]], map: PbxMap = MAP, roster: Roster = ROSTER) -> Tale:
    tracker = Tracker(map)
    events: list[Event] = []
    at = datetime.fromtimestamp(0, UTC)
    for fields in messages:
        at = framing.moment(fields.get("timestamp", ""), at)
        if message := parse(fields, at, at.timestamp()):
            events += tracker.feed(message)
    events += tracker.feed(Tick(at=at, mono=at.timestamp() + 1))
    calls: dict[CallKey, Call] = {}
    for event in events:
        key = getattr(event, "call", None)
        if key and (after := apply(calls.get(key), event, roster)):  # type: ignore[arg-type]
            calls[key] = after
    return Tale(events, list(calls.values()), (len(tracker.channels), len(tracker.tracks)))


def told(stream: bytes, map: PbxMap = MAP, roster: Roster = ROSTER) -> Tale:
    return fold(fields_of(stream), map, roster)


def recorded(name: str) -> bytes:
    return (CAPTURES / f"{name}.ami").read_bytes()


def talkers(call: Call) -> list[str]:
    """Who talked, by device, in order."""
    return [segment.device.name for segment in answered(call)]


def answered(call: Call) -> list[Segment]:
    return [segment for segment in call.segments if segment.answered_at]


def offers(call: Call) -> list[tuple[str, str]]:
    """Which device rang and what came of it."""
    found = [offer for segment in call.segments for offer in segment.offers]
    return [(o.device.name, o.result.value if o.result else "") for o in sorted(found, key=lambda o: o.offered_at)]


def visits(call: Call) -> list[tuple[str, str]]:
    return [(visit.queue, visit.result.value if visit.result else "") for visit in call.queues]
