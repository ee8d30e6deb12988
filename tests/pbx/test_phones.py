"""The instruments themselves: phones that do what they are told, a log that says what they did."""

from __future__ import annotations

import array
from pathlib import Path

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.until import until

ANNA, BORIS = "101", "102"
WRITTEN_S = 0.05
"""So late a phone writes down what it has sent: on a busy machine the other one has it before."""


def loudness(path: Path) -> float:
    """Mean absolute sample of a 16-bit WAV file, 0..32767."""
    samples = array.array("h", path.read_bytes()[44:])
    return sum(abs(sample) for sample in samples) / max(1, len(samples))


def test_log_tells_who_was_offered_the_call_and_how_it_ended(floor: Floor) -> None:
    floor.phone(ANNA, answer_ms=None)
    floor.phone(BORIS, answer_ms=500)
    until(floor.caller("74951234567", "7002", talk_ms=400).ended, 10, "the call is over")
    until(lambda: all(offer.ended_at for offer in floor.log().offers), 5, "both phones know that it is over")
    log = floor.log()
    assert {offer.phone: (offer.result, offer.ended_by) for offer in log.offers} == {
        ANNA: ("answered_elsewhere", "pbx"),
        BORIS: ("talked", "pbx"),
    }
    (attempt,) = log.attempts
    (answered,) = log.answered()
    assert attempt.answered_at is not None
    assert answered.answered_at is not None
    assert attempt.sent_at - WRITTEN_S < answered.offered_at < answered.answered_at < attempt.answered_at
    assert (attempt.final_code, attempt.ended_by) == (200, "caller")


def test_phone_hangs_up_by_itself(floor: Floor) -> None:
    floor.phone(ANNA, answer_ms=50, talk_ms=300)
    caller = floor.caller("74951234567", "7101", talk_ms=None)
    until(caller.ended, 10, "the call is over")
    until(lambda: all(offer.ended_at for offer in floor.log().offers), 5, "the phone knows that it is over")
    assert [(offer.result, offer.ended_by) for offer in floor.log().offers] == [("talked", "phone")]
    assert [attempt.ended_by for attempt in floor.log().attempts] == ["pbx"]


def test_one_phone_serves_many_calls(floor: Floor) -> None:
    floor.phone(ANNA, answer_ms=20)
    for number in ("74950000001", "74950000002", "74950000003"):
        until(floor.caller(number, "7101", talk_ms=100).ended, 10, "the call is over")
    assert [offer.customer for offer in floor.log().of(ANNA)] == ["74950000001", "74950000002", "74950000003"]


def test_recording_holds_both_voices(floor: Floor) -> None:
    floor.phone(ANNA, answer_ms=50)
    until(floor.caller("74951234567", "7101", talk_ms=2500).ended, 10, "the call is over")
    recordings = {path.name.lstrip("0123456789."): path for path in (floor.pbx.spool / "monitor").iterdir()}
    assert sorted(recordings) == ["-in.wav", "-out.wav", "wav"]
    assert min(loudness(path) for path in recordings.values()) > 200


def test_laboratories_run_side_by_side() -> None:
    with Asterisk() as one, Asterisk() as two, Floor(one) as here, Floor(two) as there:
        here.phone(ANNA)
        there.phone(ANNA)
        calls = [here.caller("74950000001", "7101", talk_ms=200), there.caller("74950000002", "7101", talk_ms=200)]
        until(lambda: all(call.ended() for call in calls), 10, "both calls over")
        assert [offer.customer for offer in here.log().offers] == ["74950000001"]
        assert [offer.customer for offer in there.log().offers] == ["74950000002"]
