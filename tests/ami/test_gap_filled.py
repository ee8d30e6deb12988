"""The link is lost anywhere in any captured stream and found again: with what the PBX wrote down nothing is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.ami import framing
from callcenter.ami.cel import Translation
from callcenter.ami.cel_rows import CelRow
from callcenter.ami.past import Past, Times, calls_of
from callcenter.call import Call
from callcenter.events import Direction, Filled, Gap, GapCause
from tests.ami.switchboard import Switchboard
from tests.ami.tale import CAPTURES, MAP, answered, visits
from tests.ami.test_cel import CUT_OFF, EVER, PLAIN, SPOOL, read
from tests.ami.test_cut_and_resumed import STREAMS, WHOLE, Watch
from tests.ami.whole import patiently

NAMES = sorted(set(PLAIN) & set(STREAMS) - CUT_OFF)
EXACT = [name for name in NAMES if not name.startswith("freepbx")]
"""Written to the microsecond: whole seconds tell also of what comes after the list, in the same second."""
A_MOMENT = timedelta(milliseconds=50)
"""What is written may be told so much later."""
ROWS = {name: read(CAPTURES / f"{name}.cel.csv", *EVER) for name in NAMES}


class Cut:
    """A stream of which nobody heard what lies between two of its events."""

    def __init__(self, name: str, lost: int, found: int) -> None:
        stream = STREAMS[name]
        self.before, self.unheard, self.after = stream[:lost], stream[lost:found], stream[found:]
        self.watch, self.there = Watch(), Switchboard()
        self.watch.see(self.before)
        for fields in (*self.before, *self.unheard):
            self.there.feed(fields)
        self.gap = Gap(from_at=self.watch.at, to_at=self._at(), cause=GapCause.LINK_LOST, filled_from="cel")

    def _at(self) -> datetime:
        stamps = [fields["timestamp"] for fields in (*self.before, *self.unheard) if "timestamp" in fields]
        return max(self.watch.at, framing.moment(stamps[-1] if stamps else "", self.watch.at))

    def written(self, rows: list[CelRow], gap: Gap | None = None) -> list[Filled]:
        gap = gap or self.gap
        times = Times(since=gap.from_at - timedelta(minutes=5), living=True)
        return list(calls_of(rows, Past(MAP, Translation(SPOOL), gap, times)))


def told(call: Call) -> dict[str, object]:
    return {
        "who": (call.key, call.direction, call.number, call.result, call.ended_at is None),
        "talks": sorted((s.device.name, s.via, s.queue, s.outcome_state, s.role) for s in answered(call)),
        "queues": [queue for queue, _ in visits(call)],
        "recordings": {Path(path).name for path in call.recordings},
    }


def cuts(name: str, data: st.DataObject, heard: int = 0) -> Cut:
    size = len(STREAMS[name])
    lost, found = sorted(data.draw(st.tuples(st.integers(heard, size), st.integers(heard, size))))
    return Cut(name, lost, found)


def everything(calls: list[Call]) -> list[dict[str, object]]:
    return [told(call) for call in sorted(calls, key=lambda call: call.key.uniqueid)]


def talks(calls: list[Call]) -> list[list[tuple[str, str]]]:
    """Of each call. One that went out and was not answered may be missing while the PBX is still writing it down: what
    came of it stands with the end of the channel that dialled, and until then it may be answered by another trunk."""
    known = sorted(calls, key=lambda call: call.key.uniqueid)
    talked = [(call, sorted((s.device.name, str(s.outcome_state)) for s in answered(call))) for call in known]
    return [those for call, those in talked if those or call.direction is Direction.INBOUND]


def look(cut: Cut, name: str) -> None:
    """What was written by then is read, and the rest is heard."""
    by_then = [row for row in ROWS[name] if row.at <= cut.gap.to_at]
    cut.watch.come_back(cut.there, cut.gap.to_at, written=cut.written(by_then))
    cut.watch.see(cut.after)
    assert talks(cut.watch.tale().calls) == talks(WHOLE[name].calls)


@patiently
@given(name=st.sampled_from(NAMES), data=st.data())
def test_what_was_written_by_then_is_filled_in_at_once_and_the_rest_at_a_second_look(
    name: str, data: st.DataObject
) -> None:
    cut = cuts(name, data)
    look(cut, name)
    cut.watch.keep(cut.written(ROWS[name]))
    assert everything(list(cut.watch.calls.values())) == everything(WHOLE[name].calls)


@pytest.mark.parametrize(
    ("name", "lost", "found"),
    [("blind_unanswered", 221, 361), ("parked_too_long", 196, 277), ("parked_gives_up", 219, 248)],
    ids=["rung after a transfer nobody heard", "rung again by the shelf", "put on the shelf unheard"],
)
def test_whom_the_customer_is_with_is_known_as_soon_as_somebody_listens(name: str, lost: int, found: int) -> None:
    look(Cut(name, lost, found), name)


@patiently
@given(name=st.sampled_from(EXACT), data=st.data())
def test_no_phone_seems_to_ring_that_the_pbx_does_not_list(name: str, data: st.DataObject) -> None:
    cut = cuts(name, data)
    by_then = [row for row in ROWS[name] if row.at <= cut.gap.to_at]
    cut.watch.come_back(cut.there, cut.gap.to_at, written=cut.written(by_then))
    offers = [offer for call in cut.watch.calls.values() for part in call.segments for offer in part.offers]
    before = cut.gap.to_at - A_MOMENT
    ringing = {offer.leg for offer in offers if offer.ended_at is None and offer.offered_at < before}
    assert ringing <= set(cut.there.channels)


@patiently
@given(name=st.sampled_from(NAMES), data=st.data())
def test_and_what_is_read_only_when_it_all_is_over(name: str, data: st.DataObject) -> None:
    cut = cuts(name, data)
    cut.watch.come_back(cut.there, cut.gap.to_at)
    cut.watch.see(cut.after)
    cut.watch.keep(cut.written(ROWS[name]))
    found = cut.watch.tale().calls
    assert everything(found) == everything(WHOLE[name].calls)
    once = list(cut.watch.calls.values())
    cut.watch.keep(cut.written(ROWS[name]))
    assert list(cut.watch.calls.values()) == once


@patiently
@given(name=st.sampled_from(NAMES), data=st.data())
def test_a_second_look_at_an_older_gap_takes_nothing_from_the_one_that_is_told_next(
    name: str, data: st.DataObject
) -> None:
    before = data.draw(st.integers(0 if name in EXACT else 3000, 12_000).map(lambda ms: timedelta(milliseconds=ms)))
    look_at_an_older_gap(cuts(name, data, heard=1), name, before)


def test_what_is_yet_to_come_in_the_second_of_the_list_is_not_gone() -> None:
    """Written in whole seconds, Boris' talk stands in the records before it begins."""
    name = "freepbx_parked_and_fetched"
    picked_up = next(at for at, fields in enumerate(STREAMS[name]) if fields.get("value") == "ANSWER")
    look_at_an_older_gap(Cut(name, picked_up, picked_up), name, timedelta(seconds=3))


def look_at_an_older_gap(cut: Cut, name: str, before: timedelta) -> None:
    """It ended ``before`` the one that is cut."""
    by_then = [row for row in ROWS[name] if row.at <= cut.gap.to_at]
    older = replace(cut.gap, from_at=cut.gap.from_at - timedelta(minutes=1), to_at=cut.gap.from_at - before)
    cut.watch.keep(cut.written(by_then, older))
    cut.watch.come_back(cut.there, cut.gap.to_at, written=cut.written(by_then))
    cut.watch.see(cut.after)
    cut.watch.keep(cut.written(ROWS[name]))
    found = cut.watch.tale().calls
    assert everything(found) == everything(WHOLE[name].calls)


def test_who_is_listed_lives_whatever_was_written_of_his_end() -> None:
    name = "queue_ringall_answered"
    bridged = next(at for at, fields in enumerate(STREAMS[name]) if fields["event"] == "BridgeEnter") + 2
    cut = Cut(name, bridged, bridged)
    cut.watch.come_back(cut.there, cut.gap.to_at, written=cut.written(ROWS[name]))
    assert [call.ended_at for call in cut.watch.calls.values()] == [None]
    cut.watch.see(cut.after)
    assert everything(cut.watch.tale().calls) == everything(WHOLE[name].calls)
