"""A link that is lost and comes back, and one that stays up and does not tell everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callcenter.ami.journal import Journal
from callcenter.ami.wire import Patience
from callcenter.call import OutcomeState
from callcenter.pbx_events import LinkDown, LinkUp, MembersTold, Outage
from tests.ami.linked import NERVOUS, Records, Start, losses, now, only, row, shows, talking
from tests.fake_asterisk import FakeAsterisk
from tests.until import until_async


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


@pytest.mark.parametrize("ahead", [3600.0, -3600.0])
async def test_a_wrong_clock_makes_no_restart_and_no_long_calls(
    asterisk: FakeAsterisk, records: Records, start: Start, ahead: float
) -> None:
    asterisk.ahead, asterisk.uptime = ahead, 600
    pbx = now(seconds=ahead)
    customer = pbx.customer()
    shows(asterisk, row(customer))
    start()
    await until_async(lambda: records.calls)
    asterisk.cut()
    await until_async(lambda: records.up() == 2)
    pbx.hangup(customer)
    asterisk.tell(pbx.stream)
    await until_async(lambda: only(records).ended_at)
    call = only(records)
    assert call.ended_at
    assert timedelta() < call.ended_at - call.started_at < timedelta(minutes=2)
    assert [event.rebooted for event in records.events if isinstance(event, LinkUp)] == [False, False]


async def test_a_gap_holds_what_happened_in_it_whatever_leap_the_clock_made(
    asterisk: FakeAsterisk, records: Records, start: Start, tmp_path: Path
) -> None:
    start(journal=Journal(tmp_path, "main"))
    moments = []
    for links, ahead in enumerate((15.0, -15.0), start=2):
        await until_async(lambda: records.up() == links - 1 and (tmp_path / "main.heard").exists())  # noqa: B023
        moments += [(datetime.now(UTC) + timedelta(seconds=clock)) for clock in (asterisk.ahead, ahead)]
        asterisk.ahead = ahead
        asterisk.cut()
        await until_async(lambda: records.up() == links)  # noqa: B023
    first, second = (event.gap for event in records.events if isinstance(event, Outage))
    assert all(first.from_at <= at <= first.to_at for at in moments[:2])
    assert all(second.from_at <= at <= second.to_at for at in moments[2:])


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


async def test_every_loss_is_told_once_and_healed(asterisk: FakeAsterisk, records: Records, start: Start) -> None:
    start()
    for round in (1, 2, 3):
        await until_async(lambda: records.up() == round)  # noqa: B023
        asterisk.cut()
    await until_async(lambda: records.up() == 4)
    assert [type(e) for e in records.events] == [LinkUp, MembersTold, *[LinkDown, LinkUp, MembersTold] * 3]


async def test_a_mute_peer_is_cut_off_and_was_not_heard_since_it_spoke(
    asterisk: FakeAsterisk, records: Records, start: Start, tmp_path: Path
) -> None:
    asterisk.answers["Ping"] = lambda _: None
    journal = Journal(tmp_path, "main")
    start(journal=journal, patience=Patience(ping_s=0.2, answer_s=0.5, sure_s=0.05))
    await until_async(records.up)
    silent = datetime.now(UTC)
    await until_async(lambda: records.count(LinkDown))
    assert [e.code for e in records.events if isinstance(e, LinkDown)] == ["lost"]
    assert (last := journal.last())
    assert last <= silent


async def test_a_channel_whose_end_was_spoilt_does_not_stay(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    start(patience=NERVOUS)
    await until_async(records.up)
    lost = losses()
    pbx = now()
    customer = pbx.customer()
    customer.number = "7495\r\nEvent: x"
    pbx.hangup(customer)
    asterisk.tell(pbx.stream)
    await until_async(lambda: records.calls and only(records).ended_at)
    assert only(records).number_raw == "+79161234567"
    assert losses() == lost, "it was told, and could not be read"


async def test_what_was_never_told_is_found_in_the_list_and_counted(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    shows(asterisk)
    start(patience=NERVOUS)
    await until_async(records.up)
    lost, pbx = losses(), now()
    ghost = pbx.customer()
    asterisk.tell(pbx.stream)
    await until_async(lambda: records.calls)
    unheard = pbx.customer(number="+79160000002")
    shows(asterisk, row(unheard))
    await until_async(lambda: len(records.calls) == 2 and losses() > lost)
    ended, adopted = records.calls.values()
    assert (ended.key.uniqueid, ended.note, ended.ended_at is None) == (ghost.uniqueid, "disconnected", False)
    assert (adopted.key.uniqueid, adopted.number_raw, adopted.ended_at) == (unheard.uniqueid, "+79160000002", None)
    assert (records.up(), records.count(LinkDown)) == (1, 0), "the link stays up"
    assert len(asterisk.sent("QueueStatus")) == 2


async def test_an_agent_whose_hang_up_was_not_told_is_free_and_owes(
    asterisk: FakeAsterisk, records: Records, start: Start
) -> None:
    start(patience=replace(NERVOUS, compare_s=1))
    await until_async(records.up)
    customer, _ = await talking(asterisk, records)
    shows(asterisk, row(customer))
    await until_async(lambda: only(records).segments[0].leg_ended)
    assert (only(records).ended_at, only(records).segments[0].outcome_state) == (None, OutcomeState.OWED)
