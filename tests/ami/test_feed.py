"""The life of a link: snapshot, live, and nothing told twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callcenter.ami.feed import Feed
from callcenter.ami.journal import Journal
from callcenter.ami.tracker import Event
from callcenter.ami.wire import Link
from callcenter.clock import SystemClock
from callcenter.errors import Unavailable
from callcenter.log import Secret
from callcenter.pbx_events import DebtFound, LinkDown, LinkUp, MemberState
from callcenter.pbxmap import Kind, Rule
from tests.ami.linked import MAP, Records, Start, now, only, row, shows, talking
from tests.fake_asterisk import FakeAsterisk, Headers, block, listed, refused
from tests.until import until_async


async def test_a_snapshot_comes_before_anything_else(asterisk: FakeAsterisk, records: Records, start: Start) -> None:
    member = {"Queue": "sales", "Location": "PJSIP/101", "Name": "Anna", "Paused": "1", "Status": "1", "InCall": "0"}
    asterisk.answers["QueueStatus"] = lambda action: listed(action, "QueueMember", [member])
    asterisk.answers["DBGetTree"] = lambda action: listed(
        action,
        "DBGetTreeResponse",
        [
            {"Key": "/callcenter-owes/PJSIP/101", "Val": "1.1|5|sales||"},
            {"Key": "/callcenter-debts/PJSIP/101/0.9", "Val": "0.9|4|sales||"},
        ],
    )
    start()
    await until_async(records.up)
    assert isinstance(records.events[0], LinkUp)
    debts = [(e.interface, e.call, e.value) for e in records.events if isinstance(e, DebtFound)]
    assert debts == [("PJSIP/101", "", "1.1|5|sales||"), ("PJSIP/101", "0.9", "0.9|4|sales||")]
    (state,) = [event for event in records.events if isinstance(event, MemberState)]
    assert (state.queue, state.interface, state.name, state.paused) == ("sales", "PJSIP/101", "Anna", True)


async def test_an_old_pbx_is_asked_for_debts_member_by_member(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    members = [{"Queue": "sales", "Location": f"PJSIP/{number}", "Name": "x"} for number in (101, 102)]
    asterisk.answers["QueueStatus"] = lambda action: listed(action, "QueueMember", members)
    asterisk.answers["DBGetTree"] = refused
    calls = {"DB_KEYS(callcenter-debts/PJSIP/102)": "0.9,1.1"}
    asterisk.answers["Getvar"] = lambda action: block(
        Response="Success", ActionID=action["ActionID"], Value=calls.get(action["Variable"], "")
    )
    asterisk.answers["DBGet"] = lambda action: (
        refused(action, "Database entry not found")
        if action["Key"] == "PJSIP/101"
        else block(Response="Success", ActionID=action["ActionID"], EventList="start")
        + block(Event="DBGetResponse", ActionID=action["ActionID"], Family="x", Key="PJSIP/102", Val="1.1|5|||")
        + block(Event="DBGetComplete", ActionID=action["ActionID"], EventList="Complete", ListItems=1)
    )
    start()
    await until_async(records.up)
    debts = [(e.interface, e.call) for e in records.events if isinstance(e, DebtFound)]
    assert debts == [("PJSIP/102", ""), ("PJSIP/102", "0.9"), ("PJSIP/102", "1.1")]


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


async def test_a_call_that_an_unreadable_list_does_not_name_goes_on_until_a_whole_one_does_not(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    start()
    await until_async(records.up)
    pbx = now()
    customer = pbx.customer()
    asterisk.tell(pbx.stream)
    await until_async(lambda: records.calls)
    nameless = {name: value for name, value in row(customer).items() if name != "Uniqueid"}
    shows(asterisk, nameless)
    asterisk.cut()
    await until_async(lambda: records.up() == 2)
    assert only(records).ended_at is None
    shows(asterisk)
    asterisk.cut()
    await until_async(lambda: records.up() == 3)
    assert only(records).ended_at is not None


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


async def test_a_wrong_password_is_told_once_and_not_hammered(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    start(secret="wrong")
    await until_async(lambda: records.count(LinkDown))
    (down,) = records.events
    assert isinstance(down, LinkDown)
    assert down.code == "wrong_password"
    assert asterisk.connections == 1


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
