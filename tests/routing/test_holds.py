"""Who must be paused, who must be freed, and who must be left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from callcenter.events import CallKey, OfferResult, Via
from callcenter.roster import Roster
from callcenter.routing import holds
from callcenter.routing.actions import DropDebt, Free, Pause, PutDebt
from callcenter.routing.holds import OWES, RESTS
from callcenter.routing.why import Reason, ReasonKind
from tests.routing.floors import PHONES, Scene, kinds, log_outcome, member
from tests.spine.story import ANNA, BORIS, START, Story, answered, roster


def answering() -> Story:
    return Story().arrives().joins().rings("101").answers("101")


def test_an_answer_holds_every_interface_of_the_agent_in_all_queues_and_nobody_else() -> None:
    scene = Scene()
    scene.goes(answering())
    assert {a.interface for a in scene.reconcile()} == set(PHONES[ANNA])
    assert scene.paused(ANNA) == [True] * 4
    assert scene.paused(BORIS) == [False] * 2
    assert set(scene.floor.debts) == set(PHONES[ANNA])
    assert scene.plan() == ()


def test_what_the_dialplan_did_already_is_not_done_again() -> None:
    scene = Scene()
    scene.goes(answering())
    for queue in ("support", "sales"):
        for name in PHONES[ANNA]:
            scene.sees(name, paused=True, reason=OWES, queue=queue)
    assert kinds(scene.plan()) == ["PutDebt"]


def test_a_pause_of_the_dialplan_is_not_lifted_while_the_answer_is_on_its_way() -> None:
    scene = Scene()
    scene.goes(Story().arrives().joins().rings("101"))
    scene.sees("PJSIP/101", paused=True, reason=OWES)
    scene.passes(60)
    assert scene.plan() == ()
    scene.goes(Story().arrives().joins().rings("101").stops_ringing("101", OfferResult.ANSWERED))
    assert scene.plan() == ()


def test_a_pause_without_any_call_is_lifted_when_it_has_grown_old() -> None:
    scene = Scene()
    scene.sees("PJSIP/101", paused=True, reason=OWES)
    assert scene.plan() == ()
    scene.passes(5)
    assert scene.reconcile() == (Free(interface="PJSIP/101"),)
    assert scene.plan() == ()


def test_ringing_alone_pauses_nobody() -> None:
    scene = Scene()
    scene.goes(Story().arrives().joins().rings("101").rings("102"))
    assert scene.plan() == ()


def test_hanging_up_does_not_free_logging_does() -> None:
    scene = Scene()
    call = scene.goes(answered("101"))
    scene.reconcile()
    scene.passes(3600)
    assert scene.plan() == ()
    scene.parts.put(log_outcome(call))
    actions = scene.reconcile()
    assert kinds(actions) == ["DropDebt", "Free"]
    assert isinstance(actions[0], DropDebt)
    assert scene.paused(ANNA) == [False] * 4
    assert scene.plan() == ()


def test_logging_while_the_talk_goes_on_frees_at_its_end() -> None:
    scene = Scene()
    story = answering()
    call = scene.goes(story)
    scene.reconcile()
    scene.parts.put(log_outcome(call))
    assert scene.plan() == ()
    scene.parts.put(log_outcome(story.parts("101").hangs_up("101").ends().told()))
    assert kinds(scene.reconcile()) == ["DropDebt", "Free"]


def test_the_leg_outlives_the_customer() -> None:
    scene = Scene()
    call = log_outcome(answering().parts("101").ends().told())
    assert not call.segments[0].leg_ended
    scene.parts.put(call)
    assert kinds(scene.reconcile()) == ["Pause", "PutDebt"]
    scene.passes(60)
    assert kinds(scene.reconcile()) == ["DropDebt", "Free"]


def test_a_direct_call_that_rings_in_the_wrap_up_keeps_the_pause_past_the_outcome() -> None:
    scene = Scene()
    first = scene.goes(answered("101"))
    scene.reconcile()
    direct = Story(uniqueid="2").arrives().rings("101", queue="")
    scene.goes(direct)
    scene.parts.put(log_outcome(first))
    assert scene.plan() == ()
    scene.goes(direct.answers("101"))
    assert scene.reconcile() == ()
    assert scene.paused(ANNA) == [True] * 4


def test_a_foreign_pause_is_adopted_and_never_lifted() -> None:
    scene = Scene()
    scene.sees("PJSIP/101", paused=True, reason="lunch")
    assert [(r.agent, r.kind) for r in scene.reasons.values()] == [(ANNA, ReasonKind.FOREIGN)]
    call = scene.goes(answered("101"))
    scene.reconcile()
    for queue in ("support", "sales"):
        scene.sees("PJSIP/101", paused=True, reason=OWES, queue=queue)
    scene.parts.put(log_outcome(call))
    freed = [a for a in scene.reconcile() if isinstance(a, Free)]
    assert freed == [Free(interface="Local/101@agents/n"), Free(interface="PJSIP/101", queue="sales")]
    assert scene.plan() == ()
    scene.passes(60)
    assert scene.plan() == ()
    scene.sees("PJSIP/101", paused=False)
    assert scene.reasons == {}


def test_a_foreign_pause_outlives_the_answer_that_comes_a_moment_after_it() -> None:
    scene = Scene()
    scene.floor.see(member("PJSIP/101", paused=True, reason="lunch"), scene.seconds)
    scene.sees("PJSIP/101", paused=True, reason=OWES)
    assert [(r.agent, r.kind, r.note) for r in scene.reasons.values()] == [(ANNA, ReasonKind.FOREIGN, "lunch")]
    call = scene.goes(answered("101"))
    scene.reconcile()
    scene.parts.put(log_outcome(call))
    scene.passes(60)
    assert Free(interface="PJSIP/101") not in scene.reconcile()
    scene.sees("PJSIP/101", paused=False)
    scene.sees("PJSIP/101", paused=True, reason=OWES)
    assert scene.reasons == {}


def test_a_foreign_pause_that_a_restart_of_the_pbx_took_away_stands_again() -> None:
    scene = Scene()
    scene.sees("PJSIP/101", paused=True, reason="doctor")
    (stood,) = scene.reasons.values()
    scene.floor.linked(None)
    scene.floor.linked(scene.seconds, rebooted=True)
    scene.sees("PJSIP/101", paused=False)
    assert scene.reconcile() == (Pause(interface="PJSIP/101", queue="support", reason="doctor"),)
    scene.sees("PJSIP/101", paused=True, reason="doctor")
    assert (tuple(scene.reasons.values()), scene.plan()) == ((stood,), ())
    scene.sees("PJSIP/101", paused=False)
    assert (scene.reasons, scene.plan()) == ({}, ()), "whoever lifts it now, lifts it"


def test_a_foreign_pause_that_is_gone_though_the_pbx_lived_on_was_lifted() -> None:
    scene = Scene()
    scene.sees("PJSIP/101", paused=True, reason="doctor")
    scene.floor.linked(None)
    scene.floor.linked(scene.seconds)
    scene.sees("PJSIP/101", paused=False)
    assert (scene.reasons, scene.plan()) == ({}, ())


def test_a_foreign_pause_lost_by_a_restart_is_covered_by_a_debt_and_there_after_it() -> None:
    scene = Scene()
    scene.sees("PJSIP/101", paused=True, reason="doctor")
    call = scene.goes(answered("101"))
    scene.floor.linked(None)
    scene.floor.linked(scene.seconds, rebooted=True)
    for queue in ("support", "sales"):
        scene.sees("PJSIP/101", paused=False, queue=queue)
    assert Pause(interface="PJSIP/101", reason=OWES) in scene.reconcile()
    scene.sees("PJSIP/101", paused=True, reason=OWES)
    scene.parts.put(log_outcome(call))
    assert [a for a in scene.reconcile() if a.interface == "PJSIP/101" and isinstance(a, Free)] == [
        Free(interface="PJSIP/101", queue="sales")
    ]
    assert [r.note for r in scene.reasons.values()] == ["doctor"]


def test_a_foreign_unpause_of_a_held_agent_is_undone_and_the_foreign_reason_is_gone() -> None:
    scene = Scene()
    scene.sees("PJSIP/101", paused=True, reason="lunch")
    call = scene.goes(answered("101"))
    scene.reconcile()
    scene.sees("PJSIP/101", paused=True, reason=OWES)
    scene.passes(10)
    assert scene.sees("PJSIP/101", paused=False)
    pause, put = scene.reconcile()
    assert pause == Pause(interface="PJSIP/101", reason=OWES)
    assert isinstance(put, PutDebt), "who unpauses past us may have taken the debt away too"
    assert scene.plan() == ()
    scene.parts.put(log_outcome(call))
    assert Free(interface="PJSIP/101") in scene.reconcile()
    assert scene.paused(ANNA) == [False] * 4


def test_what_was_sent_before_our_pause_took_effect_is_no_foreign_unpause() -> None:
    scene = Scene()
    scene.goes(answering())
    scene.reconcile()
    assert not scene.sees("PJSIP/101", paused=False)
    assert scene.plan() == ()
    scene.sees("PJSIP/101", paused=True, reason=OWES)
    scene.passes(10)
    assert scene.plan() == ()


def test_a_pbx_that_keeps_telling_the_opposite_is_asked_again() -> None:
    scene = Scene()
    scene.goes(answering())
    scene.reconcile()
    scene.sees("PJSIP/101", paused=False)
    scene.passes(10)
    assert kinds(scene.reconcile()) == ["Pause", "PutDebt"]


def test_after_a_restart_of_the_pbx_the_pauses_are_put_back() -> None:
    scene = Scene()
    scene.goes(answered("101"))
    scene.reconcile()
    scene.floor.linked(None)
    scene.floor.linked(scene.seconds)
    scene.floor.see(member("PJSIP/101"), scene.seconds)
    scene.sit(scene.desks)
    assert Pause(interface="PJSIP/101", reason=OWES) in scene.reconcile()


def test_a_dynamic_member_who_joins_while_he_owes_is_paused() -> None:
    scene = Scene()
    scene.goes(answered("101"))
    scene.reconcile()
    scene.sees("PJSIP/101", paused=False, queue="night")
    assert scene.plan() == (Pause(interface="PJSIP/101", reason=OWES),)


def test_an_unknown_debt_in_the_pbx_holds_until_it_is_explained() -> None:
    scene = Scene()
    scene.floor.find("PJSIP/101", "1.1|1700000000|support|%2B7916|7001", scene.seconds)
    assert scene.reconcile() == (Pause(interface="PJSIP/101", reason=OWES),)
    scene.passes(3600)
    assert scene.plan() == ()
    scene.floor.explain("PJSIP/101")
    assert scene.reconcile() == (DropDebt(interface="PJSIP/101"), Free(interface="PJSIP/101"))


def test_of_several_calls_only_the_settled_leave_the_list_and_one_nobody_knows_of_holds() -> None:
    scene = Scene()
    for call in ("1.1", "2.2"):
        scene.floor.find("PJSIP/102", f"{call}|1700000000|support|%2B7916|7001", scene.seconds, call)
    scene.floor.find("PJSIP/102", "2.2|1700000000|support|%2B7916|7001", scene.seconds)
    scene.reconcile()
    for call in ("2.2", ""):
        scene.floor.explain("PJSIP/102", call)
    assert scene.reconcile() == (DropDebt(interface="PJSIP/102", call="2.2"),)
    scene.passes(3600)
    assert scene.plan() == ()
    scene.floor.explain("PJSIP/102", "1.1")
    assert set(scene.reconcile()) == {
        DropDebt(interface="PJSIP/102", call="1.1"),
        DropDebt(interface="PJSIP/102"),
        Free(interface="PJSIP/102"),
    }


def test_a_call_is_not_taken_off_the_list_while_its_customer_may_be_coming_back() -> None:
    scene = Scene()
    scene.floor.put_by_dialplan("PJSIP/102", "1.1", scene.seconds)
    scene.goes(Story(uniqueid="1.1").arrives().joins().rings("102"))
    scene.passes(60)
    assert not [a for a in scene.plan() if isinstance(a, DropDebt)]


def test_signing_out_does_not_free_the_phone_the_debt_was_made_on() -> None:
    scene = Scene()
    scene.goes(answered("101"))
    scene.reconcile()
    scene.sit(roster({"102": BORIS}))
    scene.passes(60)
    assert scene.plan() == ()


def test_a_colleague_who_takes_the_desk_is_freed_and_the_debtor_is_held_where_he_sits_now() -> None:
    scene = Scene()
    scene.goes(answered("101"))
    scene.reconcile()
    scene.sit(roster({"101": BORIS, "102": ANNA}))
    actions = scene.reconcile()
    assert Free(interface="PJSIP/101") in actions
    assert Pause(interface="PJSIP/102", reason=OWES) in actions
    assert scene.plan() == ()


def test_a_call_on_a_phone_nobody_sits_at_holds_it_till_the_end() -> None:
    scene = Scene(desks=Roster())
    scene.goes(answering())
    assert Pause(interface="PJSIP/101", reason=OWES) in scene.reconcile()
    scene.goes(answering().parts("101").hangs_up("101"))
    assert Free(interface="PJSIP/101") in scene.reconcile()


def test_who_helps_is_held_while_he_talks_and_leaves_no_debt() -> None:
    scene = Scene()
    story = answering().talks("102", via=Via.DIRECT)
    scene.goes(story)
    actions = scene.reconcile()
    assert Pause(interface="PJSIP/102", reason=OWES) in actions
    assert [a.interface for a in actions if isinstance(a, PutDebt) and "102" in a.interface] == []
    story.seconds += 5
    scene.goes(story.hangs_up("102"))
    scene.passes(5)
    assert Free(interface="PJSIP/102") in scene.reconcile()


def test_a_break_holds_without_a_debt() -> None:
    scene = Scene()
    key = (ReasonKind.MANUAL, str(ANNA))
    scene.reasons[key] = Reason(agent=ANNA, kind=key[0], ref=key[1], since=START)
    actions = scene.reconcile()
    assert actions == tuple(Pause(interface=name, reason=RESTS) for name in sorted(PHONES[ANNA]))
    del scene.reasons[key]
    scene.passes(5)
    assert kinds(scene.reconcile()) == ["Free"]


def test_the_debt_says_whose_call_it_is() -> None:
    scene = Scene()
    call = scene.goes(Story(uniqueid="1700000000.7", number="+7 916|1").arrives().rings("101").answers("101"))
    debts = [a.value for a in scene.reconcile() if isinstance(a, PutDebt)]
    epoch = int((call.segments[0].answered_at or START).timestamp())
    assert set(debts) == {f"1700000000.7|{epoch}|support|%2B7%20916%7C1|7001"}


def test_an_agents_extension_may_list_phones_that_queues_know_by_their_state_only() -> None:
    scene = Scene()
    scene.floor.see(replace(member("Local/5@x/n"), state_interface="PJSIP/101"), 0.0)
    scene.sit(scene.desks)
    scene.goes(answering())
    assert Pause(interface="Local/5@x/n", reason=OWES) in scene.plan()


def test_a_member_that_is_gone_for_good_takes_its_foreign_pause_along() -> None:
    scene = Scene()
    scene.sees("PJSIP/101", paused=True, reason="lunch")
    scene.floor.see(replace(member("PJSIP/101"), gone=True), scene.seconds)
    scene.adopt()
    assert len(scene.reasons) == 1
    scene.passes(timedelta(minutes=1).total_seconds())
    scene.adopt()
    assert scene.reasons == {}


def test_a_local_member_is_known_by_the_number_it_dials_or_watches() -> None:
    scene = Scene()
    for name, watched in (("Local/101@from-queue/n", ""), ("Local/8@odd/n", "hint:101@ext-local")):
        scene.floor.see(replace(member(name), state_interface=watched), 0.0)
    scene.sit(scene.desks)
    scene.goes(answering())
    held = {action.interface for action in scene.plan()}
    assert {"Local/101@from-queue/n", "Local/8@odd/n"} <= held


def test_who_just_answered_is_held_before_his_talk_is_told_and_no_longer_for_its_sake() -> None:
    scene = Scene()
    call = CallKey(pbx="main", uniqueid="1700000000.1")
    scene.floor.answers.put("PJSIP/102", call, scene.seconds)
    assert scene.reconcile() == (Pause(interface="PJSIP/102", reason=OWES),)
    scene.passes(4)
    assert scene.reconcile() == (Free(interface="PJSIP/102"),)
    scene.floor.answers.put("PJSIP/102", call, scene.seconds)
    scene.floor.answers.heard(["PJSIP/101"], call)
    assert kinds(scene.plan()) == ["Pause"]
    scene.floor.answers.heard(["PJSIP/102"], call)
    assert scene.plan() == ()


def test_nobody_is_let_go_while_what_he_did_since_waits_to_be_heard() -> None:
    scene = Scene()
    story = answering()
    scene.goes(story)
    scene.reconcile()
    scene.parts.put(log_outcome(story.parts("101").hangs_up("101").ends().told()))
    late = replace(scene.now, heard=scene.now.mono - 2)
    assert holds.plan(scene.floor, scene.floor.interfaces(), late) == ()
    assert "DropDebt" in kinds(scene.plan())
