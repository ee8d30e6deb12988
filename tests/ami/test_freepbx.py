"""The calls of a PBX in the shape of FreePBX, its persons' devices behind Local channels: who rang, talked and owes."""

from __future__ import annotations

from typing import Final

import pytest

from tests.ami.tale import answered, offers, recorded, told, visits

ANNA, BORIS, CLARA, MOBILE = "PJSIP/2001", "PJSIP/2002", "PJSIP/2003", "outside/+79160000103"
YES, NO, ELSEWHERE = "answered", "no_answer", "answered_elsewhere"
ANSWERED: Final = [("600", "answered")]
OURS: Final = {
    "queue_answered": ([(ANNA, YES)], [(ANNA, "queue", "owed")], ANSWERED),
    "queue_noanswer_then_next": ([(ANNA, NO), (BORIS, YES)], [(BORIS, "queue", "owed")], ANSWERED),
    "direct": ([(ANNA, YES)], [(ANNA, "direct", "owed")], []),
    "group": ([(ANNA, ELSEWHERE), (BORIS, YES), (CLARA, ELSEWHERE)], [(BORIS, "direct", "owed")], []),
    "follow_me": ([(CLARA, ELSEWHERE), (MOBILE, YES)], [(MOBILE, "direct", "none")], []),
    "blind": ([(ANNA, YES), (BORIS, YES)], [(ANNA, "queue", "draft"), (BORIS, "blind", "owed")], ANSWERED),
    "attended": ([(ANNA, YES)], [(ANNA, "queue", "draft"), (BORIS, "attended", "owed")], ANSWERED),
    "to_queue": (
        [(ANNA, YES), (BORIS, YES), (CLARA, ELSEWHERE)],
        [(ANNA, "queue", "draft"), (BORIS, "queue", "owed")],
        [*ANSWERED, ("601", "answered")],
    ),
    "parked_and_fetched": ([(ANNA, YES)], [(ANNA, "direct", "draft"), (BORIS, "park", "owed")], []),
    "picked_up": ([(ANNA, ELSEWHERE)], [(BORIS, "pickup", "owed")], ANSWERED),
    "voicemail": ([(ANNA, NO)], [], [("600", "timeout")]),
    "outgoing": ([], [(ANNA, "outbound", "owed")], []),
}
"""What became of each ring, who talked, how he came to the customer and what he owes, and the queues."""


@pytest.mark.parametrize("suffix", ["", ".least"], ids=["all events", "least privilege"])
@pytest.mark.parametrize("name", OURS)
def test_who_rang_who_talked_and_who_owes(name: str, suffix: str) -> None:
    call = told(recorded(f"freepbx_{name}{suffix}")).call
    rung, talks, queues = OURS[name]
    assert sorted(offers(call)) == sorted(rung)
    assert [(s.device.name, s.via, s.outcome_state) for s in answered(call)] == talks
    assert [s.device.name for s in call.segments if s.owes] == [d for d, _, state in talks if state != "none"]
    assert visits(call) == queues
    assert call.result == ("answered" if talks else "voicemail")
    assert call.number_raw == ("79161234567" if name == "outgoing" else "74951234567")
