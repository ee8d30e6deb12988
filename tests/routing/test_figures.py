"""The day's figures: counted along, the same after a restart, and anew at the call center's own midnight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcenter.call import Call, Changed
from callcenter.clock import SetClock
from callcenter.counting import Visit, day_start
from callcenter.crm import zones
from callcenter.crm.models.queues import Queue
from callcenter.db import Database
from callcenter.events import OfferResult, QueueResult
from callcenter.lifecycle import apply
from callcenter.routing.figures import Figuring
from callcenter.routing.missed import Missed, ring
from callcenter.routing.today import Figures, Today
from tests.routing.house import service
from tests.spine.story import ANNA, BORIS, START, Story, answered, roster

SUPPORT = ("main", "support")


def changes(story: Story) -> list[Changed]:
    """What the ledger would tell of it."""
    told: list[Changed] = []
    call: Call | None = None
    for event in story.events:
        before, call = call, apply(call, event, roster())
        if call is not None and call != before:
            told.append(Changed(event=event, before=before, after=call, card=None))
    return told


def visit(result: QueueResult, waited: float, *, at: datetime = START, talked: bool = False) -> Visit:
    return Visit(queue=SUPPORT, left_at=at, waited_s=waited, result=result, talked=talked)


def test_the_service_level_is_of_all_who_came_and_follows_its_target() -> None:
    today = Today()
    for waited in (5, 15, 25, 300):
        today.count(visit(QueueResult.ANSWERED, waited))
    today.count(visit(QueueResult.ABANDONED, 40))
    today.count(visit(QueueResult.TIMEOUT, 600))
    today.count(visit(QueueResult.EXIT, 3))
    today.count(visit(QueueResult.ABANDONED, 3, talked=True))
    found = today.of(SUPPORT, 20)
    assert (found.answered, found.abandoned, found.lost, found.longest_wait_s) == (4, 1, 1, 600)
    assert found.service_level == pytest.approx(2 / 6)
    assert today.of(SUPPORT, 30).service_level == pytest.approx(3 / 6)
    assert today.of(("main", "sales"), 20) == Figures()


@pytest.mark.parametrize(
    ("zone", "now", "began"),
    [
        ("Asia/Baku", datetime(2026, 11, 24, 21, 0, tzinfo=UTC), datetime(2026, 11, 24, 20, 0, tzinfo=UTC)),
        ("Europe/Rome", datetime(2026, 11, 24, 22, 59, tzinfo=UTC), datetime(2026, 11, 23, 23, 0, tzinfo=UTC)),
        ("Europe/Rome", datetime(2026, 10, 25, 12, 0, tzinfo=UTC), datetime(2026, 10, 24, 22, 0, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_midnight_where_the_call_center_is(zone: str, now: datetime, began: datetime) -> None:
    assert day_start(now, ZoneInfo(zone)) == began


async def test_a_restart_counts_the_same_and_midnight_begins_anew(staffed: Database) -> None:
    clock = SetClock(START + timedelta(hours=1))
    along = Figuring(staffed, clock)
    await staffed.write(lambda s: zones.write(s, "Asia/Baku"))
    await staffed.write(lambda s: s.add(Queue(pbx="main", name="support", label="Help", service_level_s=2)))
    await along.start()
    gone = Story(uniqueid="2").arrives().joins().ends()
    passed = Story(uniqueid="3").arrives().joins().rings("101").stops_ringing("101", OfferResult.NO_ANSWER)
    unseen = Story(uniqueid="4").arrives().joins().ends(by_customer=False, note="disconnected")
    async with service(staffed) as house:
        for story in (answered("101", uniqueid="1"), gone, passed, unseen):
            for change in changes(story):
                along.changed(change)
            await house.told(story)
        assert house.gate.figures.of(SUPPORT) == along.of(SUPPORT)
        assert (along.of(SUPPORT).answered, along.of(SUPPORT).abandoned) == (1, 1)
    anew = Figuring(staffed, clock)
    await anew.start()
    assert anew.of(SUPPORT) == along.of(SUPPORT)
    assert (anew.labels[SUPPORT], anew.target(SUPPORT), anew.missed.today(ANNA)) == ("Help", 2, 1)
    clock.at = datetime(2026, 11, 24, 20, 1, tzinfo=UTC)
    assert anew.of(SUPPORT) == Figures()
    assert anew.missed.today(ANNA) == 0


@pytest.mark.parametrize("zone", ["Asia/Baku", "Asia/Tokyo"])
async def test_what_its_row_said_before_it_was_told_counts_once(staffed: Database, zone: str) -> None:
    told: list[Changed] = []

    async def hears(event: Changed) -> None:
        told.append(event)

    figures = Figuring(staffed, SetClock(START + timedelta(hours=1)))
    await staffed.write(lambda s: zones.write(s, "Asia/Baku"))
    await figures.start()
    async with service(staffed) as house:
        house.bus.on(Changed, hears)
        passed = Story(uniqueid="2").arrives().joins().rings("101").stops_ringing("101", OfferResult.NO_ANSWER)
        await house.told(answered("101", uniqueid="1"))
        await house.told(passed)
    await staffed.write(lambda s: zones.write(s, zone))
    await figures.reload()
    for change in told:
        figures.changed(change)
    assert (figures.of(SUPPORT).answered, figures.missed.today(ANNA)) == (1, 1)


def rings_of(*stories: Story) -> Missed:
    missed = Missed()
    for story in stories:
        for change in changes(story):
            if one := ring(change):
                missed.count(one)
    return missed


def test_a_ring_is_missed_when_nobody_picks_up_in_time_and_by_nothing_else() -> None:
    def rang(result: OfferResult, uniqueid: str) -> Story:
        return Story(uniqueid=uniqueid).arrives().joins().rings("101").stops_ringing("101", result)

    missed = rings_of(
        rang(OfferResult.NO_ANSWER, "1"),
        rang(OfferResult.REJECTED, "2"),
        rang(OfferResult.CANCELLED, "3"),
        rang(OfferResult.ANSWERED_ELSEWHERE, "4"),
        rang(OfferResult.NO_ANSWER, "5").rings("102").answers("102"),
    )
    assert (missed.today(ANNA), missed.today(BORIS)) == (2, 0)


def test_an_answer_begins_the_row_anew_and_a_direct_call_counts_not() -> None:
    let_pass = Story(uniqueid="1").arrives().joins().rings("101").stops_ringing("101", OfferResult.NO_ANSWER)
    direct = Story(uniqueid="2").arrives().rings("101", queue="").stops_ringing("101", OfferResult.NO_ANSWER)
    missed = rings_of(let_pass, direct, answered("101", uniqueid="3"))
    again = [one for change in changes(let_pass) if (one := ring(change))]
    assert (missed.today(ANNA), missed.count(again[0])) == (1, 1)


async def test_a_talk_that_is_nobodys_is_still_shown_after_a_restart(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.told(answered("103"))
        before = house.gate.unowned.now()
    async with service(staffed) as house:
        assert [talk.device for talk in before] == ["PJSIP/103"]
        assert house.gate.unowned.now() == before
