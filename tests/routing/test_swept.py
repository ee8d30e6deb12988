"""A pause from elsewhere that a release of ours takes away, because it was on its way already."""

from __future__ import annotations

from callcenter.routing.actions import Free, Pause
from callcenter.routing.holds import OWES
from callcenter.routing.why import ReasonKind
from tests.routing.floors import Scene, member
from tests.spine.story import ANNA

FREE = Free(interface="PJSIP/101")


def releasing() -> Scene:
    """Anna's pause has grown old, and she is asked to be freed."""
    scene = Scene()
    scene.sees("PJSIP/101", paused=True, reason=OWES)
    scene.passes(10)
    assert FREE in scene.plan()
    scene.floor.asks(FREE)
    return scene


def stands_again(scene: Scene) -> None:
    """The pause was told, then the release: it is known and put back once, and whoever lifts it then, lifts it."""
    scene.floor.see(member("PJSIP/101", paused=True, reason="doctor"), scene.seconds)
    scene.sees("PJSIP/101", paused=False)
    assert [(r.agent, r.kind, r.note) for r in scene.reasons.values()] == [(ANNA, ReasonKind.FOREIGN, "doctor")]
    assert scene.reconcile() == (Pause(interface="PJSIP/101", queue="support", reason="doctor"),)
    scene.sees("PJSIP/101", paused=True, reason="doctor")
    assert scene.plan() == ()
    scene.sees("PJSIP/101", paused=False)
    assert (scene.reasons, scene.plan()) == ({}, ())


def test_told_before_the_release_was_answered_it_stands_again() -> None:
    stands_again(releasing())


def test_told_after_the_release_was_answered_it_stands_again() -> None:
    scene = releasing()
    scene.floor.done(FREE, scene.seconds)
    stands_again(scene)


def test_one_that_somebody_here_asked_to_lift_is_lifted() -> None:
    scene = Scene()
    scene.sees("PJSIP/101", paused=True, reason="doctor")
    scene.floor.claimed.add(("PJSIP/101", "support"))
    scene.reconcile()
    scene.sees("PJSIP/101", paused=True, reason="doctor")
    scene.sees("PJSIP/101", paused=False)
    assert (scene.reasons, scene.plan()) == ({}, ())
