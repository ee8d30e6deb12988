"""Ways round a debt, each of which must not work, and ways out, each of which must: one line a way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from callcenter.call import Call
from callcenter.decision_events import OutcomeDeferred, OutcomeDue, OutcomeLapsed, OutcomeLogged, OutcomeWaived, PutOff
from callcenter.events import CallEvent
from callcenter.ids import new_id
from callcenter.lifecycle import apply
from callcenter.roster import AgentId
from callcenter.routing.why import Reason, ReasonKind
from callcenter.terms import NO_RULES, Demand, OutcomeRules, Released, Terms, Then
from tests.routing.floors import PHONES, Scene, member
from tests.spine.story import ANNA, BORIS, START, Story, answered, roster

PHONE, LOCAL = PHONES[ANNA]
BOTH = ("support", "sales")
STAMP = {"at": START, "mono": 0.0}
Way = Callable[[Scene], None]


def name(way: Callable[..., object]) -> str:
    return way.__name__


def owing() -> Scene:
    """Anna has talked, and is held."""
    scene = Scene()
    scene.goes(answered("101"))
    scene.reconcile()
    assert set(scene.paused(ANNA)) == {True}
    return scene


def unpaused_in_one_queue(scene: Scene) -> None:
    scene.sees(PHONE, paused=False)


def unpaused_in_all_queues(scene: Scene) -> None:
    for queue in BOTH:
        scene.sees(PHONE, paused=False, queue=queue)


def unpaused_by_another_name(scene: Scene) -> None:
    scene.sees(LOCAL, paused=False)


def unpaused_again_and_again(scene: Scene) -> None:
    for _ in range(3):
        scene.sees(PHONE, paused=False)
        scene.reconcile()
        scene.passes(5)
    scene.sees(PHONE, paused=False)


def lunch_elsewhere_and_back(scene: Scene) -> None:
    scene.sees(PHONE, paused=True, reason="lunch")
    scene.passes(5)
    scene.sees(PHONE, paused=False, reason="")


def a_break_that_is_over(scene: Scene) -> None:
    rest = Reason(agent=ANNA, kind=ReasonKind.MANUAL, ref=str(ANNA), since=START)
    scene.reasons[rest.key] = rest
    scene.reconcile()
    del scene.reasons[rest.key]


def waiting_it_out(scene: Scene) -> None:
    scene.passes(3600)


def leaving_the_desk(scene: Scene) -> None:
    scene.sit(roster({"102": BORIS}))


def leaving_and_coming_back(scene: Scene) -> None:
    scene.sit(roster({"102": BORIS}))
    scene.reconcile()
    scene.sit(roster())


def out_of_the_queue_and_in_again(scene: Scene) -> None:
    for queue in BOTH:
        scene.floor.see(replace(member(PHONE, queue=queue), gone=True), scene.seconds)
        scene.floor.see(member(PHONE, queue=queue), scene.seconds)


def a_link_that_was_lost(scene: Scene) -> None:
    scene.floor.linked(None)
    scene.passes(60)
    scene.floor.linked(scene.seconds)
    for queue in BOTH:
        for interface in (PHONE, LOCAL):
            scene.floor.see(member(interface, queue=queue), scene.seconds)


def another_call_that_is_logged(scene: Scene) -> None:
    scene.parts.put(log(answered("101", uniqueid="2").told()))


def a_call_on_top(scene: Scene) -> None:
    scene.goes(answered("101", uniqueid="2"))


def a_call_that_only_rang(scene: Scene) -> None:
    scene.goes(Story(uniqueid="2").arrives().joins().rings("101").ends())


def a_colleagues_outcome(scene: Scene) -> None:
    scene.parts.put(log(answered("102", uniqueid="2").told()))


ROUND: tuple[Way, ...] = (
    unpaused_in_one_queue,
    unpaused_in_all_queues,
    unpaused_by_another_name,
    unpaused_again_and_again,
    lunch_elsewhere_and_back,
    a_break_that_is_over,
    waiting_it_out,
    leaving_the_desk,
    leaving_and_coming_back,
    out_of_the_queue_and_in_again,
    a_link_that_was_lost,
    another_call_that_is_logged,
    a_call_on_top,
    a_call_that_only_rang,
    a_colleagues_outcome,
)


@pytest.mark.parametrize("way", ROUND, ids=name)
def test_no_way_round_a_debt(way: Way) -> None:
    scene = owing()
    way(scene)
    scene.reconcile()
    assert set(scene.paused(ANNA)) == {True}


def test_the_debt_follows_the_person_to_another_desk() -> None:
    scene = owing()
    scene.sit(roster({"102": ANNA}))
    scene.reconcile()
    assert set(scene.paused(BORIS)) == {True}


TALKS = {
    "hanging up first": lambda: Story().arrives().joins().rings("101").answers("101").hangs_up("101"),
    "the customer hanging up first": lambda: Story().arrives().joins().rings("101").answers("101").ends(),
    "passing him on": lambda: Story().arrives().rings("101").answers("101").is_handed("101", "102").hangs_up("101"),
    "parking him": lambda: Story().arrives().rings("101").answers("101").is_parked("101").hangs_up("101"),
    "taking a call that rings elsewhere": lambda: Story().arrives().rings("102").talks("101").hangs_up("101").ends(),
    "a call of one's own number": lambda: Story().arrives().rings("101", queue="").answers("101").hangs_up("101"),
    "holding him to the end": lambda: Story().arrives().rings("101").answers("101").holds("101").ends().hangs_up("101"),
}


@pytest.mark.parametrize("talk", TALKS.values(), ids=TALKS.keys())
def test_no_way_of_ending_a_talk_owes_nothing(talk: Callable[[], Story]) -> None:
    scene = Scene()
    scene.goes(talk())
    scene.reconcile()
    assert set(scene.paused(ANNA)) == {True}


def after(call: Call, *events: CallEvent, rules: OutcomeRules = NO_RULES) -> Call:
    for event in events:
        changed = apply(call, replace(event, call=call.key), roster(), rules)
        assert changed is not None
        call = changed
    return call


def log(call: Call) -> Call:
    return after(call, OutcomeLogged(call=call.key, **STAMP, segment=0, outcome=new_id(), by=ANNA, comment=""))  # type: ignore[arg-type]


def let_off(call: Call) -> Call:
    return after(call, OutcomeWaived(call=call.key, **STAMP, segment=0, by=BORIS, reason="ill"))  # type: ignore[arg-type]


def put_off(call: Call, why: PutOff = PutOff.AGENT, holder: AgentId = ANNA, rules: OutcomeRules = NO_RULES) -> Call:
    event = OutcomeDeferred(call=call.key, **STAMP, segment=0, by=ANNA, why=why, holder=holder)  # type: ignore[arg-type]
    return after(call, event, rules=rules)


def handed_over(call: Call) -> Call:
    return put_off(call, PutOff.HANDED, BORIS)


def released(call: Call) -> Call:
    until = START + timedelta(hours=1)
    rules = OutcomeRules(released={("main", "support"): Released(until=until, by=BORIS)})
    return put_off(call, PutOff.RELEASE, rules=rules)


def test_a_release_that_was_ended_meanwhile_lets_nobody_go() -> None:
    call = answered("101").told()
    over = OutcomeRules(released={("main", "support"): Released(until=START, by=BORIS)})
    assert put_off(call, PutOff.RELEASE) == put_off(call, PutOff.RELEASE, rules=over) == call


def test_what_was_logged_meanwhile_is_not_let_off() -> None:
    logged = log(answered("101").told())
    assert let_off(logged) == logged


def out_of_time(call: Call) -> Call:
    return after(call, OutcomeLapsed(call=call.key, **STAMP, segment=0, outcome=new_id()))  # type: ignore[arg-type]


def logged_twice(call: Call) -> Call:
    return log(log(call))


OUT: tuple[Callable[[Call], Call], ...] = (log, let_off, put_off, handed_over, released, out_of_time, logged_twice)


@pytest.mark.parametrize("way", OUT, ids=name)
def test_each_way_out_frees(way: Callable[[Call], Call]) -> None:
    scene = owing()
    scene.parts.put(way(answered("101").told()))
    scene.reconcile()
    assert set(scene.paused(ANNA)) == {False}


def test_what_was_put_off_holds_again_once_it_is_due() -> None:
    scene = owing()
    due = OutcomeDue(call=answered("101").told().key, **STAMP, segment=0)  # type: ignore[arg-type]
    scene.parts.put(after(put_off(answered("101").told()), due))
    scene.reconcile()
    assert set(scene.paused(ANNA)) == {True}


RULES = {
    "off": Terms(demand=Demand.OFF),
    "optional": Terms(demand=Demand.OPTIONAL),
    "short and automatic": Terms(under_s=30, then=Then.AUTOMATIC),
    "short and nothing": Terms(under_s=30, then=Then.NOTHING),
}


@pytest.mark.parametrize("terms", RULES.values(), ids=RULES.keys())
def test_each_rule_that_lets_off_frees(terms: Terms) -> None:
    scene, call = Scene(), None
    rules = OutcomeRules(queues={("main", "support"): terms}, short=new_id())
    for event in answered("101").events:
        call = apply(call, event, roster(), rules)
    assert call is not None
    scene.parts.put(call)
    scene.reconcile()
    assert set(scene.paused(ANNA)) == {False}
    assert call.settled
