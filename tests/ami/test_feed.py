"""The life of a link: snapshot, loss, return, and nothing told twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callcenter.ami.feed import Feed, Kept
from callcenter.ami.journal import Journal
from callcenter.ami.tracker import Event
from callcenter.ami.wire import Link
from callcenter.call import Call, OutcomeState
from callcenter.clock import SystemClock
from callcenter.errors import Unavailable
from callcenter.events import CallKey
from callcenter.lifecycle import apply
from callcenter.log import Secret
from callcenter.pbx_events import DebtFound, LinkDown, LinkUp, MemberState, MembersTold
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.roster import Binding, Device, Roster
from tests.ami.says import Line, Pbx
from tests.fake_asterisk import FakeAsterisk, Headers, block, listed, refused
from tests.spine.story import ANNA
from tests.until import until_async

MAP = PbxMap(
    pbx="main",
    region="RU",
    rules=(Rule(pattern="PJSIP/trunk*", kind=Kind.TRUNK), Rule(pattern="PJSIP/*", kind=Kind.DEVICE)),
)


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

    def open(self) -> list[Call]:
        return [call for call in self.calls.values() if not call.settled]

    def count(self, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def up(self) -> int:
        return self.count(LinkUp)


Start = Callable[..., Feed]


@pytest.fixture
async def asterisk() -> AsyncIterator[FakeAsterisk]:
    async with FakeAsterisk() as pbx:
        yield pbx


@pytest.fixture
def records() -> Records:
    return Records()


@pytest.fixture
async def start(asterisk: FakeAsterisk, records: Records) -> AsyncIterator[Start]:
    running: list[asyncio.Task[None]] = []

    def run(secret: str = "s3cret", journal: Journal | None = None) -> Feed:
        link = Link(pbx="main", host="127.0.0.1", port=asterisk.port, username="crm", secret=Secret(secret))
        feed = Feed(link, MAP, SystemClock(), records.open, Kept(journal=journal))
        running.append(asyncio.create_task(feed.run(records.deliver)))
        return feed

    yield run
    for task in running:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


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


def only(records: Records) -> Call:
    (call,) = records.calls.values()
    return call


async def test_a_snapshot_comes_before_anything_else(asterisk: FakeAsterisk, records: Records, start: Start) -> None:
    member = {"Queue": "sales", "Location": "PJSIP/101", "Name": "Anna", "Paused": "1", "Status": "1", "InCall": "0"}
    asterisk.answers["QueueStatus"] = lambda action: listed(action, "QueueMember", [member])
    asterisk.answers["DBGetTree"] = lambda action: listed(
        action, "DBGetTreeResponse", [{"Key": "/callcenter-owes/PJSIP/101", "Val": "1.1|5|sales||"}]
    )
    start()
    await until_async(records.up)
    assert isinstance(records.events[0], LinkUp)
    (debt,) = [event for event in records.events if isinstance(event, DebtFound)]
    assert (debt.interface, debt.value) == ("PJSIP/101", "1.1|5|sales||")
    (state,) = [event for event in records.events if isinstance(event, MemberState)]
    assert (state.queue, state.interface, state.name, state.paused) == ("sales", "PJSIP/101", "Anna", True)


async def test_an_old_pbx_is_asked_for_debts_member_by_member(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    members = [{"Queue": "sales", "Location": f"PJSIP/{number}", "Name": "x"} for number in (101, 102)]
    asterisk.answers["QueueStatus"] = lambda action: listed(action, "QueueMember", members)
    asterisk.answers["DBGetTree"] = refused
    asterisk.answers["DBGet"] = lambda action: (
        refused(action, "Database entry not found")
        if action["Key"] == "PJSIP/101"
        else block(Response="Success", ActionID=action["ActionID"], EventList="start")
        + block(Event="DBGetResponse", ActionID=action["ActionID"], Family="x", Key="PJSIP/102", Val="1.1|5|||")
        + block(Event="DBGetComplete", ActionID=action["ActionID"], EventList="Complete", ListItems=1)
    )
    start()
    await until_async(records.up)
    assert [e.interface for e in records.events if isinstance(e, DebtFound)] == ["PJSIP/102"]


async def test_a_call_that_lives_through_an_outage_goes_on(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    start()
    await until_async(records.up)
    customer, leg = await talking(asterisk, records)
    before = only(records)
    told = len(records.events)
    shows(asterisk, row(customer, bridge="b1"), row(leg, bridge="b1", application="AppDial"))
    asterisk.cut()
    await until_async(lambda: records.up() == 2)
    assert [type(e) for e in records.events[told:]] == [LinkDown, LinkUp, MembersTold]
    assert only(records) == before
    later = now(seconds=100)
    later.hangup(customer, asked=True)
    later.hangup(leg)
    asterisk.tell(later.stream)
    await until_async(lambda: only(records).ended_at and only(records).segments[0].leg_ended)
    assert only(records).result == "answered"


async def test_a_call_that_ended_unseen_is_ended_and_still_owes(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    start()
    await until_async(records.up)
    await talking(asterisk, records)
    asterisk.cut()
    await until_async(lambda: records.up() == 2)
    call = only(records)
    assert (call.result, call.note) == ("answered", "disconnected")
    assert call.segments[0].leg_ended
    assert call.segments[0].outcome_state is OutcomeState.OWED


async def test_a_restart_of_the_pbx_is_the_note_of_its_calls(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    start()
    await until_async(records.up)
    await talking(asterisk, records)
    asterisk.uptime = 1
    asterisk.cut()
    await until_async(lambda: records.up() == 2)
    assert only(records).note == "pbx_restart"
    assert [event.rebooted for event in records.events if isinstance(event, LinkUp)] == [False, True]


async def test_a_leg_that_ended_unseen_frees_its_agent(asterisk: FakeAsterisk, records: Records, start: Start) -> None:
    start()
    await until_async(records.up)
    customer, _ = await talking(asterisk, records)
    shows(asterisk, row(customer))
    asterisk.cut()
    await until_async(lambda: records.up() == 2)
    call = only(records)
    assert call.ended_at is None
    assert (call.segments[0].talking, call.segments[0].leg_ended) == (False, True)


async def test_a_call_nobody_saw_begin_is_adopted(asterisk: FakeAsterisk, records: Records, start: Start) -> None:
    pbx = now()
    customer = pbx.customer()
    leg = pbx.channel("PJSIP/101", "Ringing", family=customer.linkedid)
    shows(asterisk, row(customer), row(leg, application="AppQueue"))
    entry = {**row(customer), "Queue": "sales", "Position": "1", "Wait": "9"}
    asterisk.answers["QueueStatus"] = lambda action: listed(action, "QueueEntry", [entry])
    start()
    await until_async(lambda: records.calls)
    call = only(records)
    assert (call.number_raw, call.did) == ("+79161234567", "74951234567")
    assert [visit.queue for visit in call.queues] == ["sales"]
    assert call.segments[0].ringing
    assert abs(datetime.now(UTC) - timedelta(minutes=1) - call.started_at) < timedelta(seconds=10)


async def test_who_still_waits_does_not_join_his_queue_again(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    start()
    await until_async(records.up)
    pbx = now()
    customer = pbx.customer()
    pbx.queue("QueueCallerJoin", customer)
    asterisk.tell(pbx.stream)
    await until_async(lambda: records.calls and only(records).queues)
    shows(asterisk, row(customer))
    asterisk.answers["QueueStatus"] = lambda action: listed(action, "QueueEntry", [{**row(customer), "Queue": "sales"}])
    asterisk.cut()
    await until_async(lambda: records.up() == 2)
    assert [(visit.queue, visit.left_at) for visit in only(records).queues] == [("sales", None)]


async def test_what_happens_during_the_snapshot_is_told_after_it(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    def busily(action: Headers) -> bytes:
        pbx = now()
        pbx.hangup(pbx.customer(), asked=True)
        return pbx.stream + listed(action, "CoreShowChannel", [])

    asterisk.answers["CoreShowChannels"] = busily
    start()
    await until_async(lambda: records.calls and only(records).ended_at)
    assert isinstance(records.events[0], LinkUp)
    assert only(records).note == ""


async def test_actions_are_refused_while_there_is_no_link(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    feed = start()
    await until_async(records.up)
    assert (await feed.send({"Action": "Ping"}))[0]["ping"] == "Pong"
    await asterisk.stop()
    await until_async(lambda: records.count(LinkDown))
    with pytest.raises(Unavailable):
        await feed.send({"Action": "QueuePause", "Interface": "PJSIP/101", "Paused": "true"})
    await asterisk.start()
    await until_async(lambda: records.up() == 2)
    assert asterisk.sent("QueuePause") == []


async def test_every_loss_is_told_once_and_healed(asterisk: FakeAsterisk, records: Records, start: Start) -> None:
    start()
    for round in (1, 2, 3):
        await until_async(lambda: records.up() == round)  # noqa: B023
        asterisk.cut()
    await until_async(lambda: records.up() == 4)
    assert [type(e) for e in records.events] == [LinkUp, MembersTold, *[LinkDown, LinkUp, MembersTold] * 3]


async def test_a_wrong_password_is_told_once_and_not_hammered(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    start(secret="wrong")
    await until_async(lambda: records.count(LinkDown))
    (down,) = records.events
    assert isinstance(down, LinkDown)
    assert down.code == "wrong_password"
    assert asterisk.connections == 1


async def test_a_mute_peer_is_cut_off(asterisk: FakeAsterisk, records: Records, start: Start) -> None:
    asterisk.answers["Ping"] = lambda _: None
    start()
    await until_async(lambda: records.count(LinkDown), timeout=15)
    assert [e.code for e in records.events if isinstance(e, LinkDown)] == ["lost"]


async def test_a_changed_map_decides_for_the_calls_that_live(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    feed = start()
    await until_async(records.up)
    customer = now().channel("SIP/carrier", "Ring", number="+79161234567", exten="7495")
    shows(asterisk, row(customer))
    feed.map = replace(MAP, rules=(*MAP.rules, Rule(pattern="SIP/carrier", kind=Kind.TRUNK)))
    await until_async(lambda: records.calls)
    assert only(records).number_raw == "+79161234567"


async def test_a_fault_of_the_records_heals_by_comparing(asterisk: FakeAsterisk, records: Records) -> None:
    link = Link(pbx="main", host="127.0.0.1", port=asterisk.port, username="crm", secret=Secret("s3cret"))
    faults = [RuntimeError("disk")]

    async def deliver(events: Sequence[Event]) -> None:
        if faults and records.up():
            raise faults.pop()
        await records.deliver(events)

    running = asyncio.create_task(Feed(link, MAP, SystemClock(), records.open).run(deliver))
    await until_async(records.up)
    pbx = now()
    customer = pbx.customer()
    shows(asterisk, row(customer))
    asterisk.tell(pbx.stream)
    await until_async(lambda: records.calls)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert only(records).number_raw == "+79161234567"


async def test_a_channel_whose_end_was_spoilt_does_not_stay(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    start()
    await until_async(records.up)
    pbx = now()
    customer = pbx.customer()
    customer.number = "7495\r\nEvent: x"
    pbx.hangup(customer)
    asterisk.tell(pbx.stream)
    await until_async(lambda: records.calls and only(records).ended_at)
    assert only(records).number_raw == "+79161234567"


async def test_the_stream_is_kept_for_later(
    asterisk: FakeAsterisk, records: Records, start: Start, tmp_path: Path
) -> None:
    def kept() -> list[int]:
        return [file.stat().st_mode & 0o777 for file in tmp_path.iterdir() if b"BridgeEnter" in file.read_bytes()]

    start(journal=Journal(tmp_path, "main"))
    await until_async(records.up)
    await talking(asterisk, records)
    assert await until_async(kept) == [0o600]


async def test_a_disk_that_takes_nothing_stops_nobody(
    asterisk: FakeAsterisk, records: Records, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "full").write_text("a file where a folder should be")
    start(journal=Journal(tmp_path / "full", "main"))
    await until_async(records.up)
    await talking(asterisk, records)
    assert only(records).answered_at
