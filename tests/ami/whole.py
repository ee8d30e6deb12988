"""What holds of every tale, whatever was done to its stream; and how long to look for one of which it does not."""

from __future__ import annotations

from typing import Final

from hypothesis import HealthCheck, settings

from callcenter.call import OutcomeState, Role
from callcenter.events import Arrived, Ended, Joined, LegEnded, Offered, OfferEnded
from tests.ami.tale import CAPTURES, Tale, answered

BROKEN_OFF: Final = ("kill", "restart", "hostile_callerid")
"""Streams with a gap of their own, or with messages that are put aside."""
UNBROKEN: Final = tuple(path.stem for path in sorted(CAPTURES.glob("*.json")) if path.stem not in BROKEN_OFF)
patiently = settings(
    max_examples=max(150, settings().max_examples), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def check(tale: Tale) -> None:
    """What holds of every tale."""
    arrived = [event.call for event in tale.events if isinstance(event, Arrived)]
    ended = [event.call for event in tale.events if isinstance(event, Ended)]
    offered = [event.leg for event in tale.events if isinstance(event, Offered)]
    unrung = [event.leg for event in tale.events if isinstance(event, OfferEnded)]
    gone = [event.leg for event in tale.events if isinstance(event, LegEnded)]
    for once in (arrived, ended, offered, unrung, gone):
        assert len(once) == len(set(once))
    assert set(ended) <= set(arrived)
    assert set(unrung) <= set(offered)
    assert set(gone) <= {event.leg for event in tale.events if isinstance(event, Joined)}
    assert [call.key for call in tale.calls] == arrived
    for segment in (segment for call in tale.calls for segment in answered(call) if segment.agent):
        assert (segment.role is Role.OWNER) == (segment.outcome_state is not OutcomeState.NONE)
