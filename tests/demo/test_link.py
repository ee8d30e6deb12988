"""The service's own AMI side against the simulated PBX, over a socket, through panoramisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from callcenter import config
from callcenter.ami.feed import Feed
from callcenter.ami.tracker import Event
from callcenter.ami.wire import Link, LinkFailed, open_session
from callcenter.call import Call
from callcenter.clock import SystemClock
from callcenter.config import Recordings, Settings
from callcenter.demo.pace import Pace
from callcenter.demo.pbx import Account, Pbx
from callcenter.demo.queue_call import Plan
from callcenter.demo.spool import dialogues
from callcenter.errors import Unavailable
from callcenter.events import Arrived, Ended, Joined, LegEnded, Offered
from callcenter.log import Secret
from callcenter.pbx_events import LinkUp, MemberState
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.recording.files import HEADER, inspect
from callcenter.recording_events import RecordingStarted
from callcenter.routing.doctor.doctor import Doctor
from tests.until import until_async

CLOCK = SystemClock()
CALL = Plan(number="79161234567", name="Иван", talk=2.0, dialogue=dialogues()[0])
MAP = PbxMap(
    pbx="main",
    region="RU",
    rules=(Rule(pattern="PJSIP/trunk*", kind=Kind.TRUNK), Rule(pattern="PJSIP/1??", kind=Kind.DEVICE)),
)


@pytest.fixture
async def pbx(tmp_path: Path) -> AsyncIterator[Pbx]:
    account = Account(username="callcenter", secret="demo")
    async with Pbx(account, tmp_path, lambda _interface: 0.5, Pace(0.02)) as running:
        yield running


def link(pbx: Pbx, secret: str = "demo") -> Link:
    return Link(pbx="main", host="127.0.0.1", port=pbx.port, username="callcenter", secret=Secret(secret))


async def nobody() -> list[Call]:
    """Our records hold no call open."""
    return []


def sizes(folder: Path) -> list[int]:
    return [file.stat().st_size for file in folder.iterdir()]


@pytest.fixture
async def concluded(pbx: Pbx) -> AsyncIterator[list[Event]]:
    """What the service concludes of this PBX, once the link is up."""
    found: list[Event] = []

    async def deliver(events: Sequence[Event]) -> None:
        found.extend(events)

    running = asyncio.create_task(Feed(link(pbx), MAP, CLOCK, nobody).run(deliver))
    await until_async(lambda: any(isinstance(event, LinkUp) for event in found))
    yield found
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_queue_call_is_understood_from_ring_to_end(pbx: Pbx, concluded: list[Event]) -> None:
    pbx.call(CALL)
    await until_async(lambda: any(isinstance(event, Ended) for event in concluded))
    arrived = next(event for event in concluded if isinstance(event, Arrived))
    assert (arrived.number_raw, arrived.name, arrived.did) == ("79161234567", "Иван", "7001")
    story = [type(event) for event in concluded if isinstance(event, Offered | Joined | LegEnded | Ended)]
    assert story == [Offered, Joined, LegEnded, Ended]


async def test_the_pause_of_the_gate_is_seen_before_the_talk(pbx: Pbx, concluded: list[Event]) -> None:
    pbx.call(CALL)
    await until_async(lambda: any(isinstance(event, Joined) for event in concluded))
    talk = next(at for at, event in enumerate(concluded) if isinstance(event, Joined))
    paused = [e for e in concluded[:talk] if isinstance(e, MemberState) and e.paused]
    assert {(state.queue, state.interface, state.reason) for state in paused} == {
        ("support", "PJSIP/101", "callcenter-owes"),
        ("sales", "PJSIP/101", "callcenter-owes"),
    }


async def test_a_caller_found_on_connecting_is_adopted(pbx: Pbx) -> None:
    for interface in ("PJSIP/101", "PJSIP/102", "PJSIP/103"):
        pbx.switch.pause(interface, paused=True, reason="lunch")
    pbx.call(replace(CALL, patience=600.0))
    await until_async(lambda: pbx.switch.floor.queues["support"].waiting)
    found: list[Event] = []

    async def deliver(events: Sequence[Event]) -> None:
        found.extend(events)

    running = asyncio.create_task(Feed(link(pbx), MAP, CLOCK, nobody).run(deliver))
    await until_async(lambda: any(isinstance(event, Arrived) for event in found))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_the_recording_is_whole_when_the_call_ends(pbx: Pbx, concluded: list[Event], tmp_path: Path) -> None:
    pbx.call(CALL)
    await until_async(lambda: any(isinstance(event, Ended) for event in concluded))
    named = next(event.path for event in concluded if isinstance(event, RecordingStarted))
    wave = inspect(tmp_path / Path(named).name)
    assert (wave.channels, wave.duration_s, wave.repaired) == (2, 2.0, False)


async def test_a_call_nobody_answered_leaves_an_empty_file(pbx: Pbx, tmp_path: Path) -> None:
    pbx.call(replace(CALL, patience=0.2))
    await until_async(lambda: not pbx.calls)
    assert sizes(tmp_path) == [HEADER]


async def test_actions_are_answered_like_asterisk_answers_them(pbx: Pbx) -> None:
    session = await open_session(link(pbx), lambda *_: None, CLOCK)
    queues = await session.send({"Action": "QueueStatus"})
    assert [row["event"] for row in queues if "event" in row].count("QueueMember") == 6
    assert (await session.send({"Action": "CoreSettings"}))[0]["amiversion"] == "11.0.0"
    await session.send({"Action": "DBPut", "Family": "callcenter-owes", "Key": "PJSIP/101", "Val": "1.0|1|support||"})
    tree = await session.send({"Action": "DBGetTree", "Family": "callcenter-owes"})
    assert [row["val"] for row in tree if "val" in row] == ["1.0|1|support||"]
    await session.send({"Action": "DBDel", "Family": "callcenter-owes", "Key": "PJSIP/101"})
    with pytest.raises(Unavailable):
        await session.send({"Action": "DBGet", "Family": "callcenter-owes", "Key": "PJSIP/101"})
    with pytest.raises(Unavailable):
        await session.send({"Action": "QueuePause", "Interface": "PJSIP/999", "Paused": "true"})
    session.close()


async def test_click_to_call_ends_with_a_debt(pbx: Pbx, concluded: list[Event]) -> None:
    session = await open_session(link(pbx), lambda *_: None, CLOCK)
    order = {"Action": "Originate", "Channel": "PJSIP/102", "Context": "agents", "Exten": "79161234567"}
    await session.send({**order, "Priority": "1", "ChannelId": "click-1"})
    await until_async(lambda: any(isinstance(event, Ended) for event in concluded))
    joined = [event.device.name for event in concluded if isinstance(event, Joined)]
    assert joined == ["PJSIP/102"]
    assert ("callcenter-owes", "PJSIP/102") in pbx.switch.database
    session.close()


async def test_a_wrong_password_is_refused(pbx: Pbx) -> None:
    with pytest.raises(LinkFailed) as refused:
        await open_session(link(pbx, "wrong"), lambda *_: None, CLOCK)
    assert refused.value.code == "wrong_password"


async def test_the_doctor_finds_it_configured_as_the_shipped_one(pbx: Pbx, tmp_path: Path) -> None:
    ours = config.Pbx(host="127.0.0.1", username="callcenter", secret=SecretStr("x"))
    settings = Settings(recordings=Recordings(spool=tmp_path), pbx={"main": ours})
    report = await Doctor(settings, lambda _name: link(pbx), None, CLOCK, lambda: (("en",), "")).examine("main")
    found = {finding.code for check in report.checks for finding in check.findings}
    assert found - {"ffmpeg_missing"} == {"history_not_set"}
    assert {one.code for check in report.checks for one in check.unseen} == {"database"}
