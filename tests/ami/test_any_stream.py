"""Whatever is lost, doubled, shuffled within a moment or cut: nothing raises, and no call is told twice."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from callcenter.ami import framing
from tests.ami.tale import Tale, fields_of, fold, offers, recorded, talkers, told, visits
from tests.ami.whole import UNBROKEN, check, patiently

NAMES = tuple(f"{stem}.least" for stem in UNBROKEN)
STREAMS = {name: recorded(name) for name in NAMES}
FIELDS = {name: fields_of(stream) for name, stream in STREAMS.items()}
MOMENT = 0.002
_MAKE_KNOWN = ("Newchannel", "DialBegin")


@patiently
@given(name=st.sampled_from(NAMES), data=st.data())
def test_lost_messages(name: str, data: st.DataObject) -> None:
    lost = data.draw(st.sets(st.integers(0, len(FIELDS[name]) - 1), max_size=20))
    check(fold(fields for at, fields in enumerate(FIELDS[name]) if at not in lost))


@patiently
@given(name=st.sampled_from(NAMES), data=st.data())
def test_doubled_messages(name: str, data: st.DataObject) -> None:
    twice = data.draw(st.sets(st.integers(0, len(FIELDS[name]) - 1), max_size=20))
    found = fold(fields for at, fields in enumerate(FIELDS[name]) for _ in range(2 if at in twice else 1))
    check(found)
    assert found.left == (0, 0)


@patiently
@given(name=st.sampled_from(NAMES), shuffle=st.randoms(use_true_random=False))
def test_any_order_within_a_moment_concludes_the_same(name: str, shuffle: Any) -> None:
    moments = [shuffled(moment, shuffle) for moment in moments_of(FIELDS[name])]
    found = fold(fields for moment in moments for fields in moment)
    check(found)
    assert concluded(found) == concluded(fold(FIELDS[name]))


def moments_of(stream: list[dict[str, str]]) -> list[list[dict[str, str]]]:
    """Events that came within two milliseconds; what makes a channel known still comes first."""
    moments: list[list[dict[str, str]]] = [[]]
    for fields in stream:
        before = float(moments[-1][0].get("timestamp", 0)) if moments[-1] else 0.0
        if float(fields.get("timestamp", 0)) - before > MOMENT or fields["event"] in _MAKE_KNOWN:
            moments.append([])
        moments[-1].append(fields)
    return moments


def shuffled(moment: list[dict[str, str]], shuffle: Any) -> list[dict[str, str]]:
    """The variables of a channel keep their order: its thread tells them as it sets them."""
    order = list(moment)
    shuffle.shuffle(order)
    told: dict[str, list[dict[str, str]]] = {}
    for fields in moment:
        told.setdefault(_whose(fields), []).append(fields)
    order = [told[_whose(fields)].pop(0) for fields in order]
    return sorted(order, key=lambda fields: (fields["event"] not in _MAKE_KNOWN, fields["event"] == "Hangup"))


def _whose(fields: dict[str, str]) -> str:
    return fields["uniqueid"] if fields["event"] == "VarSet" else str(id(fields))


def concluded(tale: Tale) -> list[object]:
    return [(call.result, talkers(call), sorted(offers(call)), visits(call)) for call in tale.calls]


@patiently
@given(name=st.sampled_from(NAMES), data=st.data())
def test_bytes_cut_anywhere_frame_the_same(name: str, data: st.DataObject) -> None:
    stream = STREAMS[name]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=30)))
    framer = framing.Framer()
    found = [
        m for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True) for m in framer.feed(stream[start:end])
    ]
    assert found == framing.Framer().feed(stream)


@patiently
@given(name=st.sampled_from(NAMES), data=st.data())
def test_missing_bytes_cost_messages_and_nothing_else(name: str, data: st.DataObject) -> None:
    stream = STREAMS[name]
    start = data.draw(st.integers(0, len(stream)))
    check(fold(fields_of(stream[:start] + stream[start + data.draw(st.integers(0, 2000)) :])))


STARTS = (b"", b"Event: Hangup\r\n", b"Event: Hangup\r\nPrivilege: call,all\r\n")


@patiently
@given(noise=st.binary(max_size=300), start=st.sampled_from(STARTS))
def test_noise_changes_no_call(noise: bytes, start: bytes) -> None:
    before, after = STREAMS["queue_timeout.least"], STREAMS["queue_ringall_answered.least"]
    assert told(before + start + noise + framing.END + after).calls == [*told(before).calls, *told(after).calls]


@patiently
@given(fields=st.dictionaries(st.sampled_from(sorted({k for f in FIELDS[NAMES[0]] for k in f})), st.text(max_size=20)))
def test_any_headers_at_all_are_survived(fields: dict[str, str]) -> None:
    for event in sorted({f["event"] for name in NAMES for f in FIELDS[name]}):
        check(fold([{**fields, "event": event}] * 2))
