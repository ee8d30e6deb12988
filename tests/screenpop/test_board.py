"""Live view equals fresh view, and presence, queue lines and cards on it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.call import OutcomeState, Role
from callcenter.crm.rights import Standing, UserRole
from callcenter.decision_events import OutcomeLogged, OutcomeWaived
from callcenter.draft import Draft
from callcenter.events import CallEvent, HandedOver, OfferResult, QueueResult, Via
from callcenter.ids import new_id
from callcenter.news import DraftSaved
from callcenter.roster import Binding, Roster
from callcenter.routing.presence import Mood, Presence, PresenceChanged, Why
from callcenter.routing.why import ReasonKind
from callcenter.screenpop.changes import PopUpdated
from callcenter.screenpop.lines import Directory, Person
from callcenter.screenpop.shown import Desk, FloorCall, Phase, Pop
from tests.screenpop.desk import DIRECTORY, Office, card, member
from tests.spine.story import ANNA, BORIS, START, Story, answered, device, roster

NUMBERS = ("101", "102")
SUPERVISOR = Standing(id=new_id(), role=UserRole.SUPERVISOR)


class Chaos(Story):
    """Any event of a call in any order, also impossible ones."""

    def add_any(self, what: int, number: str, leg: str, result: OfferResult) -> None:
        moves = (
            lambda: self.joins(),
            lambda: self.leaves(QueueResult.ANSWERED),
            lambda: self.rings(number, leg),
            lambda: self.stops_ringing(number, result, leg),
            lambda: self.talks(number, leg),
            lambda: self.parts(number, leg),
            lambda: self.hangs_up(number, leg),
            lambda: self.holds(leg),
            lambda: self.ends(),
            lambda: self._add(OutcomeLogged, segment=0, outcome=new_id(), by=ANNA, comment=""),
            lambda: self._add(OutcomeWaived, segment=0, by=BORIS, reason="test"),
        )
        moves[what]()


moves = st.tuples(
    st.integers(0, 10), st.sampled_from(NUMBERS), st.sampled_from(["x", "y", "z"]), st.sampled_from(list(OfferResult))
)


def _floor(office: Office) -> tuple[Desk, ...]:
    return office.board.floor([SUPERVISOR])[SUPERVISOR]


def _calls(office: Office) -> dict[UUID, tuple[FloorCall, ...]]:
    """Of every desk on the floor."""
    return {desk.me.id: desk.calls for desk in _floor(office)}


def playable(office: Office, event: CallEvent) -> bool:
    settles = isinstance(event, OutcomeLogged | OutcomeWaived)
    return not settles or bool(office.calls[event.call].segments)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(moves, max_size=25), min_size=1, max_size=3))
def test_live_view_equals_fresh_view_after_any_sequence(calls: list[list[tuple[int, str, str, OfferResult]]]) -> None:
    office = Office()
    for serial, steps in enumerate(calls):
        story = Chaos(uniqueid=f"170000000{serial}.1")
        story.arrives()
        for step in steps:
            story.add_any(*step)
        for event in story.events:
            office.play([e for e in [event] if playable(office, e)])
            _calls(office)
    rebuilt = office.restarted()
    for agent, screen in office.screens.items():
        assert replace(screen, queues=()) == replace(office.board.view(agent), queues=())
        assert screen.pops == rebuilt.view(agent).pops
        assert office.board.lines(agent) == rebuilt.lines(agent)
        assert screen.presence.debts == rebuilt.presence(agent).debts
    assert _calls(office) == {desk.me.id: desk.calls for desk in rebuilt.floor([SUPERVISOR])[SUPERVISOR]}


def test_presence_is_the_gates_to_say_and_names_who_gave_a_reason() -> None:
    office = Office()
    why = Why(kind=ReasonKind.FORCED, ref=str(ANNA), since=START, note="call me", by=BORIS)
    told = Presence(state=Mood.PAUSED, since=START, reasons=("forced",), why=(why,))
    office.hear(office.board.felt(PresenceChanged(agent=ANNA, presence=told)))
    (shown,) = office.screens[ANNA].presence.why
    assert (office.screens[ANNA].presence.state, shown.by_name, shown.note) == (Mood.PAUSED, "Boris", "call me")


def test_the_floor_says_with_whom_and_what_is_owed() -> None:
    office = Office().play(answered().events).play(Story(uniqueid="2").arrives().joins().rings("102").events)
    anna, boris = _floor(office)
    assert [(c.phase, c.who) for c in anna.calls] == [(Phase.WRAPUP, "Olena")]
    assert [(c.phase, c.who, c.queue) for c in boris.calls] == [(Phase.RINGING, "Olena", "support")]


def test_a_desk_is_drawn_anew_only_where_it_looks_otherwise() -> None:
    office = Office()
    before = _floor(office)
    office.play(Story(uniqueid="2").arrives().joins().rings("102").events)
    anna, boris = _floor(office)
    assert (anna is before[0], boris is before[1]) == (True, False)


def test_a_supervisor_sees_the_desks_that_his_rights_reach() -> None:
    office = Office()
    ours, theirs = new_id(), new_id()
    standings = [Standing(id=i, role=UserRole.AGENT, team=team) for i, team in ((ANNA, ours), (BORIS, theirs))]
    people = {one.id: Person(id=one.id, username="", display_name="", standing=one) for one in standings}
    office.board.judged(Directory(people=people))
    viewer = Standing(id=new_id(), role=UserRole.SUPERVISOR, team=ours)
    assert [desk.me.id for desk in office.board.floor([viewer])[viewer]] == [ANNA]


def test_a_member_that_is_a_local_channel_belongs_to_its_extension() -> None:
    office = Office()
    office.board.member(member("Local/102@agents/n", paused=True))
    assert [(line.queue, line.offered_to_you) for line in office.board.lines(BORIS)] == [("support", False)]


def test_equal_extensions_and_queues_of_two_pbxs_are_two() -> None:
    office = Office()
    sits = Roster(bindings=(*roster({"101": ANNA}).bindings, *roster({"101": BORIS}, "branch").bindings))
    stations = {(pbx, "Local/101@agents/n"): "101" for pbx in ("main", "branch")}
    office.board.seated(Directory(people=DIRECTORY.people, stations=stations), sits)
    office.board.member(replace(member("Local/101@agents/n"), pbx="branch"))
    office.play(Story(pbx="main").arrives().joins().events)
    assert [(line.queue, line.waiting) for line in office.board.lines(BORIS)] == [("support", 0)]
    assert office.board.lines(ANNA) == ()
    assert [office.board.view(agent).me.pbx for agent in (ANNA, BORIS)] == ["main", "branch"]


def test_queue_lines_count_who_waits_and_hold_offers_back_from_who_owes() -> None:
    office = Office()
    for interface in ("PJSIP/101", "PJSIP/102"):
        office.board.member(member(interface))
    office.play(answered().events)
    waiting = Story(uniqueid="2").arrives().joins()
    office.play(waiting.events)
    (annas,) = office.board.lines(ANNA)
    (boriss,) = office.board.lines(BORIS)
    assert (annas.waiting, annas.longest_since) == (1, waiting.events[1].at)
    assert (annas.offered_to_you, boriss.offered_to_you) == (False, True)
    office.play(waiting.ends().events[-1:])
    assert office.board.lines(BORIS)[0].waiting == 0


def test_a_draft_shows_in_every_tab_and_goes_with_the_debt() -> None:
    office = Office().play(answered().events)
    pop = office.screens[ANNA].pops[0].id
    written = Draft(outcome="callback", comment="at five")
    office.hear(office.board.drafted(DraftSaved(segment=pop, agent=ANNA, draft=written)))
    assert office.screens[ANNA].pops[0].draft == written


def test_a_draft_of_somebody_elses_pop_is_nothing() -> None:
    office = Office().play(answered().events)
    pop = office.screens[ANNA].pops[0].id
    assert office.board.drafted(DraftSaved(segment=pop, agent=BORIS, draft=Draft(comment="mine"))) == {}


def test_a_card_that_is_written_on_is_fresh_on_the_pop_and_stays_so() -> None:
    story = Story().arrives().joins().rings("101")
    office = Office().play(story.events)
    office.hear(office.board.card_changed(office.card.id, replace(office.card, name="Olena K.")))
    office.play(story.answers("101").events[-2:])
    (pop,) = office.screens[ANNA].pops
    assert pop.customer is not None
    assert (pop.customer.name, pop.candidates[0].customer.name) == ("Olena K.", "Olena K.")


def test_a_card_nobody_talks_to_disturbs_nobody() -> None:
    office = Office().play(Story().arrives().joins().rings("101").events)
    assert office.board.card_changed(new_id(), card("Other")) == {}


def test_leaving_the_desk_is_told_as_a_move() -> None:
    office = Office()
    assert office.board.seated(DIRECTORY, roster({"101": ANNA})) == {BORIS}
    assert office.board.view(BORIS).me.extension is None


def test_who_moves_to_a_members_desk_gets_its_queue_lines() -> None:
    office = Office()
    office.board.member(member("PJSIP/101"))
    moved = Binding(agent=BORIS, extension="101", devices=frozenset({device("101")}), since=START)
    office.board.seated(Directory(people=DIRECTORY.people), Roster(bindings=(moved,)))
    assert [line.queue for line in office.board.lines(BORIS)] == ["support"]
    assert office.board.lines(ANNA) == ()


@pytest.mark.parametrize(
    ("number", "withheld", "zone"), [("anonymous", True, None), ("+390612345678", False, "Europe/Rome")]
)
def test_a_pop_tells_what_the_number_tells(number: str, withheld: bool, zone: str | None) -> None:
    office = Office().play(Story(number=number).arrives().rings("101").events)
    (pop,) = office.screens[ANNA].pops
    assert (pop.withheld, pop.local_time_zone) == (withheld, zone)


def test_nothing_changed_is_nothing_told() -> None:
    story = Story().arrives().rings("101")
    office = Office().play(story.events)
    told = len(office.told[ANNA])
    office.play(story.joins("other").events[-1:])
    assert not [c for c in office.told[ANNA][told:] if isinstance(c, PopUpdated)]


def test_a_ringing_phone_does_not_show_a_card_of_another_team() -> None:
    ours, theirs = new_id(), new_id()
    office = Office()
    seat(office, ours)
    office.card = replace(card("Secret"), team_id=theirs)
    (pop,) = office.play(answered("101").events[:3]).screens[ANNA].pops
    assert (pop.customer, pop.candidates, pop.number) == (None, (), "+79161234567")


def test_a_card_that_is_given_to_the_team_appears_and_one_that_is_taken_away_goes() -> None:
    ours, theirs = new_id(), new_id()
    office = Office()
    seat(office, ours)
    hidden = office.card = replace(card("Secret"), team_id=theirs)
    office.play(answered("101").events[:3])
    shown = replace(hidden, team_id=ours)
    office.hear(office.board.card_changed(hidden.id, shown))
    assert office.screens[ANNA].pops[0].customer == shown
    office.hear(office.board.card_changed(hidden.id, hidden))
    assert office.screens[ANNA].pops[0].customer is None


def test_when_rights_change_every_pop_is_drawn_again() -> None:
    ours, theirs = new_id(), new_id()
    office = Office()
    seat(office, ours)
    office.card = replace(card("Secret"), team_id=theirs)
    office.play(answered("101").events[:3])
    seat(office, theirs)
    assert office.board.view(ANNA).pops[0].customer == office.card


def seat(office: Office, team: UUID) -> None:
    """Anna belongs to this team now."""
    anna = replace(DIRECTORY.people[ANNA], standing=Standing(id=ANNA, role=UserRole.AGENT, team=team))
    office.board.judged(replace(DIRECTORY, people={**DIRECTORY.people, ANNA: anna}))


def handed(to: str) -> Story:
    """Anna has passed her customer on."""
    story = Story().arrives().joins().rings("101").answers("101").leaves(QueueResult.ANSWERED)
    return story._add(HandedOver, leg="101", via=Via.BLIND, to=to).hangs_up("101")


def pop_of(office: Office) -> Pop:
    (pop,) = office.screens[ANNA].pops
    return pop


def test_who_passed_a_customer_on_reads_to_whom_by_name() -> None:
    for to in ("102", "PJSIP/102"):
        pop = pop_of(Office((ANNA,)).play(handed(to).events))
        assert (pop.phase, pop.handed_to) == (Phase.WRAPUP, "Boris")
        assert pop.draft == Draft(outcome="transferred", comment="→ Boris")
    assert pop_of(Office((ANNA,)).play(handed("+79160000000").events)).handed_to == "+79160000000"
    assert pop_of(Office((ANNA,)).play(handed("7002").joins("sales").events)).handed_to == "sales"


def test_what_was_written_before_the_transfer_stays_in_the_draft() -> None:
    office = Office((ANNA,))
    story = Story().arrives().rings("101").answers("101")
    office.play(story.events)
    segment = pop_of(office).id
    written = Draft(comment="wants blue", extras=("order",), card={"email": "o@example.com"})
    office.hear(office.board.drafted(DraftSaved(segment=segment, agent=ANNA, draft=written)))
    told = len(story.events)
    office.play(story._add(HandedOver, leg="101", via=Via.BLIND, to="102").hangs_up("101").events[told:])
    assert pop_of(office).draft == replace(written, outcome="transferred")


def test_a_customer_nobody_took_is_asked_about_again() -> None:
    story = handed("102").rings("102").stops_ringing("102", OfferResult.NO_ANSWER)
    pop = pop_of(Office().play(story.ends().events))
    assert (pop.outcome_state, pop.handed_to, pop.draft) == (OutcomeState.OWED, "Boris", Draft())


def test_who_helps_sees_so_and_owes_nothing_after() -> None:
    story = Story().arrives().rings("101").answers("101")
    office = Office().play(story.talks("102", via=Via.DIRECT).events)
    (pop,) = office.screens[BORIS].pops
    assert (pop.role, pop.outcome_state) == (Role.ASSIST, OutcomeState.NONE)
    told = len(story.events)
    story.seconds += 5
    office.play(story.hangs_up("102").events[told:])
    assert office.screens[BORIS].pops == ()
