"""A link to a PBX on a real socket, and what the records come to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from prometheus_client import REGISTRY

from callcenter.ami.feed import Feed
from callcenter.ami.tracker import Event
from callcenter.ami.wire import Patience
from callcenter.call import Call
from callcenter.events import CallKey
from callcenter.lifecycle import apply
from callcenter.pbx_events import LinkUp
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.roster import Binding, Device, Roster
from tests.ami.says import Line, Pbx
from tests.fake_asterisk import FakeAsterisk, Headers, listed
from tests.spine.story import ANNA
from tests.until import until_async

MAP = PbxMap(
    pbx="main",
    region="RU",
    rules=(Rule(pattern="PJSIP/trunk*", kind=Kind.TRUNK), Rule(pattern="PJSIP/*", kind=Kind.DEVICE)),
)


Start = Callable[..., Feed]
CALM = Patience()
NERVOUS = Patience(compare_s=0.2, sure_s=0.1)
DESK = Roster(
    bindings=(
        Binding(
            agent=ANNA,
            extension="101",
            devices=frozenset({Device(pbx="main", name="PJSIP/101")}),
            since=datetime.min.replace(tzinfo=UTC),
        ),
    )
)


def now(seconds: float = 0.0) -> Pbx:
    """A PBX whose clock is right."""
    return Pbx(start=time.time(), seconds=seconds)


@dataclass
class Records:
    """What the ledger would hold, and every event in order."""

    events: list[Event] = field(default_factory=list)
    calls: dict[CallKey, Call] = field(default_factory=dict)

    async def deliver(self, events: Sequence[Event]) -> None:
        self.events += events
        for event in events:
            if (key := getattr(event, "call", None)) and (after := apply(self.calls.get(key), event, DESK)):  # type: ignore[arg-type]
                self.calls[key] = after

    async def open(self) -> list[Call]:
        return [call for call in self.calls.values() if not call.settled]

    def count(self, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def up(self) -> int:
        return self.count(LinkUp)


def row(line: Line, *, bridge: str = "", application: str = "") -> Headers:
    """The channel as CoreShowChannels tells it."""
    shown = {name: str(value) for name, value in line.shown().items()}
    return {**shown, "Application": application, "BridgeId": bridge, "Duration": "00:01:00"}


def shows(asterisk: FakeAsterisk, *rows: Headers) -> None:
    asterisk.answers["CoreShowChannels"] = lambda action: listed(action, "CoreShowChannel", list(rows))


async def talking(asterisk: FakeAsterisk, records: Records) -> tuple[Line, Line]:
    """A customer talks with Anna."""
    pbx = now()
    customer = pbx.customer()
    leg = pbx.rings(customer)
    pbx.talk("b1", customer, leg)
    asterisk.tell(pbx.stream)
    await until_async(lambda: any(call.answered_at for call in records.calls.values()))
    return customer, leg


def losses() -> float:
    """How often events were lost while the link was up."""
    return REGISTRY.get_sample_value("callcenter_ami_losses_total", {"pbx": "main"}) or 0.0


def only(records: Records) -> Call:
    (call,) = records.calls.values()
    return call
