"""Who sees what of a call, told in stories."""

from __future__ import annotations

from callcenter.decision_events import OutcomeLogged
from callcenter.events import OfferResult, QueueResult
from callcenter.ids import new_id
from callcenter.screenpop.changes import OutcomeSettled, PopOffered, PopUpdated, PopWithdrawn
from callcenter.screenpop.shown import Phase, Withdrawal
from tests.screenpop.desk import Office
from tests.spine.story import ANNA, BORIS, Story, answered


def logged(story: Story, segment: int = 0) -> Story:
    words = {"segment": segment, "outcome": new_id(), "by": ANNA, "comment": ""}
    return story._add(OutcomeLogged, **words)


def withdrawals(office: Office, agent: object) -> list[tuple[Withdrawal, str | None]]:
    return [(c.reason, c.by) for c in office.told[agent] if isinstance(c, PopWithdrawn)]  # type: ignore[index]


def test_a_pop_rings_talks_wraps_up_and_goes() -> None:
    office = Office().play(logged(answered()).events)
    assert office.kinds(ANNA) == ["pop_offered", "pop_updated", "outcome_owed", "outcome_settled"]
    assert office.screens[ANNA].pops == ()
    assert office.kinds(BORIS) == []


def test_the_same_pop_all_the_way() -> None:
    office = Office().play(logged(answered()).events)
    offered, talking, _, gone = (c for c in office.told[ANNA] if c.change != "presence")
    assert isinstance(offered, PopOffered)
    assert isinstance(talking, PopUpdated)
    assert isinstance(gone, OutcomeSettled)
    assert offered.pop.id == talking.pop.id == gone.pop_id
    assert (offered.pop.phase, talking.pop.phase) == (Phase.RINGING, Phase.TALKING)


def test_ringing_on_two_desks_is_withdrawn_from_the_slower_with_the_name_of_the_faster() -> None:
    story = Story().arrives().joins().rings("101").rings("102").answers("102")
    office = Office().play(story.stops_ringing("101", OfferResult.ANSWERED_ELSEWHERE).events)
    assert withdrawals(office, ANNA) == [(Withdrawal.ANSWERED_ELSEWHERE, "Boris")]
    assert [p.phase for p in office.screens[BORIS].pops] == [Phase.TALKING]


def test_a_caller_who_gives_up_takes_the_pop_with_him() -> None:
    office = Office().play(Story().arrives().joins().rings("101").ends().events)
    assert withdrawals(office, ANNA) == [(Withdrawal.CANCELLED, None)]
    assert office.screens[ANNA].presence.debts == 0


def test_rejected_and_unanswered_say_so() -> None:
    story = Story().arrives().joins().rings("101").stops_ringing("101", OfferResult.REJECTED)
    office = Office().play(story.rings("102").stops_ringing("102", OfferResult.NO_ANSWER).events)
    assert withdrawals(office, ANNA) == [(Withdrawal.REJECTED, None)]
    assert withdrawals(office, BORIS) == [(Withdrawal.NO_ANSWER, None)]


def test_the_second_round_offers_the_same_pop_again() -> None:
    story = Story().arrives().joins().rings("101", "leg-1").stops_ringing("101", OfferResult.NO_ANSWER, "leg-1")
    office = Office().play(story.rings("101", "leg-2").events)
    offers = [c.pop.id for c in office.told[ANNA] if isinstance(c, PopOffered)]
    assert len(offers) == 2
    assert len(set(offers)) == 1


def test_between_answered_and_talking_nothing_flickers() -> None:
    office = Office().play(Story().arrives().joins().rings("101").stops_ringing("101", OfferResult.ANSWERED).events)
    assert [p.phase for p in office.screens[ANNA].pops] == [Phase.RINGING]


def test_an_outcome_logged_during_the_talk_leaves_the_pop_until_the_phone_is_down() -> None:
    story = Story().arrives().joins().rings("101").answers("101").leaves(QueueResult.ANSWERED)
    office = Office().play(logged(story).events)
    assert [(p.phase, p.outcome_state) for p in office.screens[ANNA].pops] == [("talking", "logged")]
    Office.play(office, story.parts("101").hangs_up("101").events[-2:])
    assert office.screens[ANNA].pops == ()


def test_one_agent_owes_one_outcome_for_two_parts_of_a_call() -> None:
    story = Story().arrives().rings("101", "a").answers("101", "a").parts("101", "a").hangs_up("101", "a")
    office = Office().play(story.rings("101", "b").answers("101", "b").parts("101", "b").hangs_up("101", "b").events)
    assert office.screens[ANNA].presence.debts == 1
    assert [p.phase for p in office.screens[ANNA].pops] == [Phase.WRAPUP]
    office.play(logged(story.ends(), 1).events[-2:])
    assert office.screens[ANNA].pops == ()


def test_a_transfer_leaves_a_debt_on_one_desk_and_a_talk_on_the_other() -> None:
    story = Story().arrives().rings("101").answers("101").parts("101").hangs_up("101").rings("102").answers("102")
    office = Office().play(story.events)
    assert [p.phase for p in office.screens[ANNA].pops] == [Phase.WRAPUP]
    assert [p.phase for p in office.screens[BORIS].pops] == [Phase.TALKING]
