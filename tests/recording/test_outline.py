"""The waveform is the sound's, however it arrives; the part heard is what was played, once."""

from __future__ import annotations

import array
import itertools

from hypothesis import given
from hypothesis import strategies as st

from callcenter.recording.files import Wave
from callcenter.recording.hearing import Stretch, together
from callcenter.recording.outline import Outline

RATE = 8000
SECONDS = st.floats(0, 100, allow_nan=False)
STRETCHES = st.lists(st.builds(lambda a, b: Stretch(start_s=a, end_s=b), SECONDS, SECONDS), max_size=20)


def wave(samples: list[int], channels: int = 1) -> Wave:
    return Wave(channels=channels, rate=RATE, sample_bytes=2, data_at=44, data_bytes=2 * len(samples), repaired=False)


def outline(samples: list[int], channels: int = 1, piece: int = 1_000_000) -> list[list[int]]:
    data = array.array("h", samples).tobytes()
    found = Outline(wave(samples, channels))
    for at in range(0, len(data), piece):
        found.feed(data[at : at + piece])
    found.end()
    return [list(bars) for bars in found.bars]


def test_a_bar_is_the_loudest_of_its_moment_on_its_own_channel() -> None:
    quiet, loud = [0] * 400, [0] * 399 + [-32768]
    left = quiet + loud + quiet
    right = [16384] * 1200
    both = [sample for pair in zip(left, right, strict=True) for sample in pair]
    assert outline(both, channels=2) == [[0, 255, 0], [128, 128, 128]]


def test_an_hour_has_no_more_bars_than_a_screen_can_show() -> None:
    an_hour = Wave(channels=1, rate=RATE, sample_bytes=2, data_at=44, data_bytes=3600 * RATE * 2, repaired=False)
    assert Outline(an_hour).bar_s == 1.2
    assert Outline(wave([0] * RATE)).bar_s == 0.05


def test_the_last_shorter_moment_counts_and_half_a_sample_does_not() -> None:
    assert outline([0] * 400 + [32767]) == [[0, 255]]
    cut = Outline(wave([0] * 400))
    cut.feed(b"\0" * 800 + b"\x7f")
    cut.end()
    assert [len(bars) for bars in cut.bars] == [1]


@given(
    samples=st.lists(st.integers(-32768, 32767), max_size=3000).map(lambda s: s[: len(s) & ~1]),
    piece=st.integers(1, 999),
)
def test_it_does_not_matter_how_the_sound_is_cut(samples: list[int], piece: int) -> None:
    assert outline(samples, channels=2, piece=piece) == outline(samples, channels=2)


def test_eight_bits_are_counted_from_the_middle() -> None:
    found = Outline(Wave(channels=1, rate=RATE, sample_bytes=1, data_at=44, data_bytes=400, repaired=False))
    found.feed(b"\x80" * 399 + b"\x00")
    found.end()
    assert list(found.bars[0]) == [
        255,
    ]


@given(told=STRETCHES)
def test_what_was_heard_twice_is_told_once_and_nothing_is_lost(told: list[Stretch]) -> None:
    heard = together(told, 90)
    assert all(a.end_s < b.start_s for a, b in itertools.pairwise(heard))
    assert all(0 <= one.start_s < one.end_s <= 90 for one in heard)
    assert together(heard, 90) == heard
    inside = [one for one in told if one.start_s < min(one.end_s, 90.0)]
    assert all(any(h.start_s <= one.start_s and min(one.end_s, 90) <= h.end_s for h in heard) for one in inside)


def test_a_player_that_goes_on_heard_one_stretch() -> None:
    told = [Stretch(start_s=70, end_s=80), Stretch(start_s=0, end_s=10), Stretch(start_s=10.4, end_s=20)]
    assert [str(one) for one in together(told, 300)] == ["0:00-0:20", "1:10-1:20"]
