"""Where a caller goes before he waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.ids import new_id
from callcenter.routing.asking.agi import shown_name, variables
from callcenter.routing.asking.policies import Closed, StatusPriority
from callcenter.routing.asking.route import Answer, Block, Ground, Source, Verdict
from tests.routing.asking.rules import (
    ANNA,
    BORIS,
    CLARA,
    EVERYTHING,
    NOW,
    ago,
    answer,
    calendar,
    caller,
    grounds,
    place,
    rule,
)

AT_WORK = {ANNA: place(), BORIS: place(extension="102", phones=("PJSIP/102",)), CLARA: place(queues=frozenset())}


def person(found: Answer) -> object:
    return found.person.agent if found.person else None


def test_without_a_rule_nobody_is_routed() -> None:
    known: dict[str, Any] = {"block": Block(), "at_work": AT_WORK}
    for nothing in (None, rule()):
        found = answer(nothing, caller(owner=ANNA, vip=True, language="ru"), **known)
        assert (found.verdict, found.priority, found.person, found.name, found.language) == ("queue", 0, None, "", "")
        assert grounds(found) == [Ground.NO_RULE]


@pytest.mark.parametrize(
    ("said", "known", "who", "why"),
    [
        ({"owner": True}, {"owner": ANNA}, ANNA, [Ground.PERSON_OWNER]),
        ({"owner": True}, {"owner": new_id()}, None, [Ground.NOT_AT_WORK]),
        ({"last_agent": True}, {"last_agent": BORIS, "last_talk": ago(days=3)}, BORIS, [Ground.PERSON_LAST]),
        ({"last_agent": True, "last_days": 2}, {"last_agent": BORIS, "last_talk": ago(days=3)}, None,
         [Ground.NOTHING_APPLIES]),
        ({"last_agent": True}, {"last_agent": CLARA, "last_talk": ago(days=3)}, None, [Ground.NOT_IN_QUEUE]),
        ({"call_back_agent": True}, {"call_back": True, "call_back_agent": ANNA}, ANNA, [Ground.PERSON_CALL_BACK]),
        ({"call_back_agent": True}, {"call_back": True}, None, [Ground.NOTHING_APPLIES]),
        ({"owner": True, "last_agent": True}, {"owner": ANNA, "last_agent": BORIS, "last_talk": ago(hours=1)}, ANNA,
         [Ground.PERSON_OWNER]),
        ({"owner": True, "last_agent": True}, {"owner": new_id(), "last_agent": BORIS, "last_talk": ago(hours=1)},
         BORIS, [Ground.PERSON_LAST, Ground.NOT_AT_WORK]),
        ({"owner": True}, {}, None, [Ground.NOTHING_APPLIES]),
    ],
)  # fmt: skip
def test_who_is_rung_first(said: dict[str, Any], known: dict[str, Any], who: object, why: list[Ground]) -> None:
    found = answer(rule(**said), caller(**known), at_work=AT_WORK)
    assert (person(found), grounds(found)) == (who, why)


def test_whoever_talks_or_owes_is_not_waited_for() -> None:
    found = answer(rule(owner=True), caller(owner=ANNA), at_work={ANNA: place(free=False)})
    assert (found.verdict, found.person, grounds(found)) == (Verdict.QUEUE, None, [Ground.BUSY])


def test_a_number_of_several_cards_has_an_owner_only_where_they_agree() -> None:
    asked = rule(owner=True, language=True, name=True)
    one, other = caller(owner=ANNA, language="ru"), caller(owner=BORIS, language="ru", name="Ivan")
    differ = answer(asked, one, other, at_work=AT_WORK)
    assert (differ.person, differ.language, differ.name) == (None, "ru", "")
    assert Ground.SEVERAL_CARDS in grounds(differ)
    assert person(answer(asked, one, caller(owner=ANNA), at_work=AT_WORK)) == ANNA


@pytest.mark.parametrize(
    ("known", "priority"),
    [
        ({}, 0),
        ({"vip": True}, 10),
        ({"call_back": True}, 5),
        ({"vip": True, "status": "hot"}, 20),
        ({"status": "cold"}, 0),
    ],
)
def test_the_highest_priority_counts(known: dict[str, Any], priority: int) -> None:
    asked = rule(vip=10, call_back=5, statuses=[StatusPriority(status="hot", priority=20)])
    assert answer(asked, caller(**known)).priority == priority


def test_a_blocked_number_is_refused_where_the_queue_asks_for_it_and_as_long_as_it_is_blocked() -> None:
    asked = rule(blocked=True, refusal="sorry", owner=True)
    refused = answer(asked, caller(owner=ANNA), block=Block(), at_work=AT_WORK)
    assert (refused.verdict, refused.sound, refused.person) == (Verdict.REFUSED, "sorry", None)
    assert answer(asked, block=Block(until=NOW + timedelta(seconds=1))).verdict == Verdict.REFUSED
    assert answer(asked, block=Block(until=NOW)).verdict == Verdict.QUEUE
    assert answer(rule(owner=True), block=Block()).verdict == Verdict.QUEUE


def test_who_calls_outside_business_hours_is_told_in_his_language_and_goes_nowhere() -> None:
    asked = rule(**EVERYTHING, closed=Closed.VOICEMAIL, sound="closed", mailbox="support@default")
    friday_night = NOW.replace(hour=22)
    found = answer(asked, caller(owner=ANNA, language="ru"), now=friday_night, calendar=calendar(), at_work=AT_WORK)
    assert (found.verdict, found.then, found.sound, found.mailbox) == (
        "closed",
        "voicemail",
        "closed",
        "support@default",
    )
    assert (found.language, found.person, found.priority) == ("ru", None, 0)
    assert found.opens_at == datetime.fromisoformat("2026-11-30T09:00+00:00")
    assert answer(asked, calendar=calendar()).verdict == Verdict.QUEUE


@pytest.mark.parametrize("source", list(Source))
def test_whatever_is_not_known_lets_the_call_through(source: Source) -> None:
    found = answer(rule(**EVERYTHING), source=source)
    assert (found.verdict, found.person, found.priority) == (Verdict.QUEUE, None, 0)
    assert len(found.grounds) == 1


def test_a_name_stands_on_the_phone_and_in_no_record() -> None:
    found = answer(rule(name=True), caller())
    assert found.name == "Olga Petrova"
    assert "Petrova" not in str(found.grounds)


agents = st.sampled_from([None, ANNA, BORIS, CLARA])
callers = st.builds(
    caller,
    name=st.text(max_size=80),
    status=st.sampled_from(["", "hot", "cold"]),
    vip=st.booleans(),
    language=st.sampled_from(["", "ru", "it", "x\n"]),
    owner=agents,
    last_agent=agents,
    last_talk=st.none() | st.integers(0, 400).map(lambda days: ago(days=days)),
    call_back=st.booleans(),
    call_back_agent=agents,
)
rules = st.builds(
    rule,
    blocked=st.booleans(),
    call_back_agent=st.booleans(),
    owner=st.booleans(),
    last_agent=st.booleans(),
    vip=st.integers(0, 100),
    call_back=st.integers(0, 100),
    language=st.booleans(),
    name=st.booleans(),
)
moments = st.integers(-10_000, 10_000).map(lambda hours: NOW + timedelta(hours=hours))


@given(rules, st.lists(callers, max_size=3), st.booleans(), moments, st.booleans())
def test_any_answer_is_one_the_dialplan_understands(
    asked: Any, known: list[Any], blocked: bool, now: datetime, timed: bool
) -> None:
    """Only who is free and at work is rung, and nobody is both refused and queued."""
    found = answer(
        asked,
        *known,
        now=now,
        block=Block() if blocked else None,
        at_work=AT_WORK,
        **({"calendar": calendar()} if timed else {}),
    )
    told = variables(found)
    assert told["CC_ROUTE"] in {"queue", "closed", "refused"}
    assert list(told)[-1] == "CC_ROUTE"
    assert (found.verdict is Verdict.REFUSED) == (blocked and asked.blocked)
    assert found.verdict is Verdict.QUEUE or (found.person is None and found.priority == 0)
    assert found.person is None or (found.person.agent in AT_WORK and found.person.place.free)
    assert 0 <= found.priority <= 100
    assert found.grounds
    assert found.language in {"", "ru", "it"}


@given(st.text())
def test_a_name_on_a_phone_is_one_short_line_without_tricks(name: str) -> None:
    shown = shown_name(name)
    assert len(shown) <= 60
    assert shown == shown.strip()
    assert shown.isprintable()
    assert not set(shown) & set('"\\<>\r\n')
