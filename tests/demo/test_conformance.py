"""The simulated PBX against captures of the real one: the same events, headers and order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.demo.pace import Pace
from callcenter.demo.pbx import Account, Pbx
from callcenter.demo.queue_call import Plan
from callcenter.demo.switch import Phones
from tests.demo.heard import Heard, captured, heard
from tests.until import until_async

ACCOUNT = Account(username="callcenter", secret="demo")
PACE = 0.02
RACING = frozenset({"QueueMemberStatus", "NewConnectedLine", "DialState"})
"""Told by other threads of Asterisk (device states, SIP): their place among the rest differs from call to call."""

CALL = Plan(number="74951234567", talk=2.0)
QUICK: dict[str, float | None] = {"PJSIP/101": 0.3, "PJSIP/102": 0.3, "PJSIP/103": 0.3}
SCENARIOS: dict[str, tuple[Plan, dict[str, float | None]]] = {
    "queue_rrmemory_answered": (CALL, QUICK),
    "queue_ringall_answered": (replace(CALL, did="7002"), QUICK | {"PJSIP/101": 5.0, "PJSIP/103": 6.0}),
    "queue_noanswer_then_next": (CALL, QUICK | {"PJSIP/101": None}),
    "queue_abandoned_ringing": (replace(CALL, did="7002", patience=1.0), dict.fromkeys(QUICK)),
}


async def simulated(plan: Plan, phones: Phones, spool: Path, *, paused: bool = False) -> list[Heard]:
    """Everything the simulated PBX tells of one call."""
    news: list[bytes] = []
    async with Pbx(ACCOUNT, spool, phones, Pace(PACE)) as pbx:
        for interface in QUICK if paused else ():
            pbx.switch.pause(interface, paused=True, reason="")
        pbx.switch.stream.listen(news.append)
        pbx.call(plan)
        await until_async(lambda: not pbx.calls)
    return heard(b"".join(news))


def steady(events: list[Heard]) -> list[Heard]:
    """Without what races. Up to the hang-up: then two threads tear the two ends of a call down, in any order."""
    end = [event["Event"] for event in events].index("HangupRequest") + 1
    return [event for event in events[:end] if not races(event)]


def races(event: Heard) -> bool:
    """A phone may report that it rings before the queue says that it dials."""
    return event["Event"] in RACING or (event["Event"], event["ChannelStateDesc"]) == ("Newstate", "Ringing")


def lives(events: list[Heard]) -> dict[str, list[tuple[str, ...]]]:
    """The life of each channel by itself, until the hang-up."""
    parties = {party for event in events for party in event.parties}
    return {party: [e.gist for e in steady(events) if party in e.parties] for party in sorted(parties)}


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_a_call_is_told_like_asterisk_tells_it(scenario: str, tmp_path: Path) -> None:
    plan, answers = SCENARIOS[scenario]
    told = await simulated(plan, answers.get, tmp_path)
    real = captured(scenario)
    assert Counter(e.gist for e in told) == Counter(e.gist for e in real)
    assert lives(told) == lives(real)


@pytest.mark.parametrize("scenario", ["queue_rrmemory_answered", "queue_noanswer_then_next"])
async def test_events_of_all_channels_stand_in_the_same_order(scenario: str, tmp_path: Path) -> None:
    plan, answers = SCENARIOS[scenario]
    told = await simulated(plan, answers.get, tmp_path)
    assert [e.gist for e in steady(told)] == [e.gist for e in steady(captured(scenario))]


async def test_a_caller_who_gives_up_with_nobody_free_rings_no_phone(tmp_path: Path) -> None:
    told = await simulated(replace(CALL, patience=2.0), QUICK.get, tmp_path, paused=True)
    real = [e for e in captured("queue_abandoned_waiting") if e["Event"] != "QueueMemberPause"]
    assert [e.gist for e in steady(told)] == [e.gist for e in steady(real)]


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_headers_have_asterisks_names_and_order(scenario: str, tmp_path: Path) -> None:
    plan, answers = SCENARIOS[scenario]
    told = {(event["Event"], event.names) for event in await simulated(plan, answers.get, tmp_path)}
    assert told == {(event["Event"], event.names) for event in captured(scenario)}


async def test_the_pause_stands_before_the_connection(tmp_path: Path) -> None:
    told = [event["Event"] for event in await simulated(CALL, QUICK.get, tmp_path)]
    assert told.index("QueueMemberPause") < told.index("UserEvent") < told.index("AgentConnect")
