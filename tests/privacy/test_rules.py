"""What may be kept, decided without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.crm.privacy.consent import Taken, bounds
from callcenter.crm.privacy.rules import (
    How,
    Lack,
    Mode,
    Notice,
    Place,
    PlaceKind,
    Rule,
    lacks,
    own_notice,
    places,
    switch,
    verdict,
)
from callcenter.events import Direction
from callcenter.ids import new_id
from tests.spine.story import START

SUPPORT, SALES = Place(scope=PlaceKind.QUEUE, queue="support"), Place(scope=PlaceKind.QUEUE, queue="sales")
SPOKEN = Notice(text="We record.", how=How.AGENT)
WHOLE = Rule(id=new_id(), place=SUPPORT, mode=Mode.FORCED, notice=SPOKEN, keep_days=30, contact="law@example.com")
SHORT = replace(WHOLE, id=new_id(), place=SALES, keep_days=7)
anything = st.builds(
    Rule,
    id=st.just(WHOLE.id),
    place=st.just(SUPPORT),
    mode=st.sampled_from(Mode),
    notice=st.none()
    | st.builds(
        Notice, text=st.sampled_from(["", " ", "x"]), how=st.sampled_from(How), sound=st.sampled_from(["", "a"])
    ),
    keep_days=st.none() | st.integers(1, 9),
    contact=st.sampled_from(["", "law@example.com"]),
)


def test_a_whole_rule_lacks_nothing() -> None:
    assert lacks(WHOLE, staff_told=True) == ()


@pytest.mark.parametrize(
    ("change", "lack"),
    [
        ({"mode": Mode.FORBIDDEN}, Lack.FORBIDDEN),
        ({"notice": None}, Lack.NOTICE),
        ({"notice": replace(SPOKEN, text=" ")}, Lack.NOTICE),
        ({"notice": replace(SPOKEN, how=How.SOUND)}, Lack.SOUND),
        ({"keep_days": None}, Lack.KEEP),
        ({"contact": ""}, Lack.CONTACT),
    ],
)
def test_each_gap_is_named(change: dict[str, object], lack: Lack) -> None:
    assert lacks(replace(WHOLE, **change), staff_told=True) == (lack,)  # type: ignore[arg-type]


def test_nothing_is_kept_before_people_who_work_here_were_told() -> None:
    assert verdict({SUPPORT: WHOLE}, [SUPPORT], staff_told=False).lack is Lack.STAFF


def test_a_call_is_bound_by_every_queue_and_kept_for_the_shortest_time() -> None:
    met = places(Direction.INBOUND, ["support", "sales", "support"])
    assert met == (SUPPORT, SALES)
    assert verdict({SUPPORT: WHOLE}, met, staff_told=True).lack is Lack.MISSING
    assert verdict({SUPPORT: WHOLE, SALES: SHORT}, met, staff_told=True).under == SHORT.id


def test_calls_without_a_queue_have_rules_of_their_own() -> None:
    assert places(Direction.INBOUND, []) == (Place(scope=PlaceKind.DIRECT),)
    assert places(Direction.OUTBOUND, []) == (Place(scope=PlaceKind.OUTBOUND),)


@given(anything, st.booleans())
def test_the_pbx_is_told_to_record_exactly_where_it_would_be_kept(rule: Rule, told: bool) -> None:
    kept = verdict({SUPPORT: rule}, [SUPPORT], staff_told=told).lack is None
    assert kept == bool(switch(rule, staff_told=told))


def test_the_switch_says_how_the_caller_is_told() -> None:
    sound = replace(WHOLE, notice=Notice(text="x", how=How.SOUND, sound="custom/recorded", key="9"))
    early = replace(WHOLE, notice=Notice(text="x", how=How.EARLY, sound="custom/recorded", id=WHOLE.id))
    asked = replace(sound, mode=Mode.ON_DEMAND)
    said = [switch(rule, staff_told=True) for rule in (WHOLE, sound, early, asked)]
    assert said == [
        "on",
        "on|custom/recorded|||9",
        f"on|custom/recorded|early|{WHOLE.id}|",
        "demand|custom/recorded|||9",
    ]
    assert own_notice(early) == f"custom/recorded|early|{WHOLE.id}|"
    assert own_notice(replace(early, mode=Mode.FORBIDDEN)) == ""


MINUTE = timedelta(minutes=1)
TAKEN = Taken(begun_at=START, asked_for=False, on_demand=(), declined_at=None, keep_before=True)


@pytest.mark.parametrize(
    ("how", "lack", "until"),
    [
        ({}, None, None),
        ({"on_demand": (START,)}, Lack.NOT_ASKED_FOR, None),
        ({"on_demand": (START,), "asked_for": True}, None, None),
        ({"on_demand": (START + MINUTE,)}, None, START + MINUTE),
        ({"declined_at": START + MINUTE}, None, START + MINUTE),
        ({"declined_at": START + MINUTE, "keep_before": False}, Lack.DECLINED, None),
        ({"declined_at": START - MINUTE}, Lack.DECLINED, None),
        ({"declined_at": START + MINUTE, "on_demand": (START + 2 * MINUTE,)}, None, START + MINUTE),
    ],
)
def test_what_agents_and_callers_decide_bounds_what_is_kept(
    how: dict[str, Any], lack: Lack | None, until: datetime | None
) -> None:
    assert bounds(replace(TAKEN, **how)) == (lack, until)
