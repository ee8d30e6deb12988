"""How agents' time is counted."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.crm.models.desks import PauseReason, PauseTaken
from callcenter.reporting.occupancy import Hours, Stretch, Time, length, spent, together, union
from callcenter.routing.why import ReasonKind
from tests.crm.office import Office
from tests.reporting.test_api import DAY, a_morning
from tests.spine.story import START

STRETCHES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda one: (one[0], one[0] + one[1])))


def test_an_hour_by_hand() -> None:
    """At the desk from 0 to 60, a break from 50 to 55, two calls of which one began before he sat down."""
    hours = Hours(seats=[(10, 40), (40, 70)], handling=[(0, 20), (30, 40), (35, 45)], unavailable=[(60, 65)])
    time = spent(hours, (0, 100))
    assert (time.signed_in_s, time.handling_s, time.available_s, time.unavailable_s) == (60, 25, 30, 5)
    assert time.occupancy == pytest.approx(25 / 55)
    assert spent(hours, (10, 20)).occupancy == 1.0
    assert spent(Hours(seats=[(0, 10)], unavailable=[(0, 10)]), (0, 10)).occupancy is None
    assert together([time, Time(signed_in_s=30, available_s=25)]).occupancy == pytest.approx(25 / 80)


@given(STRETCHES, STRETCHES, STRETCHES)
def test_every_second_at_a_desk_counts_as_one_thing(
    seats: list[Stretch], handling: list[Stretch], unavailable: list[Stretch]
) -> None:
    time = spent(Hours(seats=seats, handling=handling, unavailable=unavailable), (5, 45))
    moments = [at + 0.5 for at in range(5, 45)]

    def inside(at: float, stretches: list[Stretch]) -> bool:
        return any(start < at < end for start, end in stretches)

    sat = [at for at in moments if inside(at, seats)]
    assert time.signed_in_s == len(sat)
    assert time.handling_s == len([at for at in sat if inside(at, handling)])
    assert time.available_s == len([at for at in sat if not inside(at, [*handling, *unavailable])])
    assert time.unavailable_s == time.signed_in_s - time.handling_s - time.available_s


@given(STRETCHES)
def test_stretches_together_lose_and_double_nothing(stretches: list[Stretch]) -> None:
    whole = union(stretches)
    assert length(whole) == len({at for start, end in stretches for at in range(int(start), int(end))})
    assert all(before[1] < after[0] for before, after in pairwise(whole))


async def test_a_morning_is_talk_wrap_up_break_and_what_is_left(office: Office) -> None:
    """Anna sits down at 0, talks from the fourth second on and owes until now, the twenty-eighth; it is the fortieth
    when she is looked at, after a break that is over and in one that is not."""
    anna, chief = await a_morning(office)
    first = (await chief.get(f"/reports/agents?{DAY}")).body
    assert first["agents"][0]["time"] == first["total_time"]
    assert first["total_time"] == {
        "signed_in_s": 28.0,
        "handling_s": 24.0,
        "available_s": 4.0,
        "unavailable_s": 0.0,
        "occupancy": pytest.approx(24 / 28),
    }
    taken = {"agent_id": anna.id, "reason": ReasonKind.MANUAL, "since": START + timedelta(seconds=1)}
    await office.db.write(lambda s: s.add(PauseTaken(**taken, until=START + timedelta(seconds=3))))
    office.clock.at = START + timedelta(seconds=40)
    later = (await chief.get(f"/reports/agents?{DAY}")).body["total_time"]
    assert (later["signed_in_s"], later["handling_s"], later["available_s"]) == (40.0, 24.0, 2.0)
    standing = taken | {"reason": ReasonKind.FORCED, "ref": str(anna.id), "since": START}
    await office.db.write(lambda s: s.add(PauseReason(**standing)))
    kept = (await chief.get(f"/reports/agents?{DAY}")).body["total_time"]
    assert (kept["handling_s"], kept["available_s"], kept["occupancy"]) == (24.0, 0.0, 1.0)


async def test_the_time_of_an_agent_is_not_parted_among_queues(office: Office) -> None:
    anna, chief = await a_morning(office)
    of_queue = (await chief.get(f"/reports/agents?{DAY}&queue=support")).body
    assert (of_queue["total_time"], of_queue["agents"][0]["time"]) == (None, None)
    of_anna = (await chief.get(f"/reports/agents?{DAY}&agent={anna.id}")).body
    assert of_anna["total_time"]["handling_s"] == 24.0


async def test_an_outcome_that_is_put_off_ends_the_wrap_up(office: Office) -> None:
    anna, chief = await a_morning(office)
    owed = (await anna.get("/me/debts")).body["items"]
    office.clock.at = START + timedelta(seconds=30)
    put_off = await anna.post(f"/segments/{owed[0]['segment_id']}/defer")
    assert put_off.status == 200, put_off.text
    office.clock.at = START + timedelta(hours=3)
    logged = await anna.put(f"/segments/{owed[0]['segment_id']}/outcome", {"outcome": "solved", "comment": "ok"})
    assert logged.status == 200, logged.text
    figures = (await chief.get(f"/reports/agents?{DAY}")).body["total"]
    assert 21.0 < figures["wrap_s"] < 60.0
