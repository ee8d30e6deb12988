"""The customer left and the agents right, whatever the two files are like."""

from __future__ import annotations

import array
import io
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.recording.sides import shape, sides_of, stereo

SAMPLES = st.lists(st.integers(-32768, 32767), max_size=50)


def side(file: Path, samples: list[int], *, rate: int = 8000, channels: int = 1) -> Path:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(array.array("h", samples).tobytes())
    return file


def frames(data: bytes) -> tuple[list[int], list[int]]:
    with wave.open(io.BytesIO(data)) as file:
        both = array.array("h", file.readframes(file.getnframes()))
    return list(both[0::2]), list(both[1::2])


@given(left=SAMPLES.filter(bool), right=SAMPLES.filter(bool))
def test_both_sides_keep_their_samples_and_the_shorter_ends_in_silence(
    tmp_path_factory: pytest.TempPathFactory, left: list[int], right: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("sides")
    data = stereo(side(folder / "a-in.wav", left), side(folder / "a-out.wav", right))
    length = max(len(left), len(right))
    assert frames(data) == (left + [0] * (length - len(left)), right + [0] * (length - len(right)))
    assert shape(data).channels == 2
    assert shape(data).duration_s == pytest.approx(length / 8000)


def test_sides_are_found_by_the_name_of_the_mixed_file(tmp_path: Path) -> None:
    pair = side(tmp_path / "1.2-in.wav", [1]), side(tmp_path / "1.2-out.wav", [2])
    assert sides_of(tmp_path / "1.2.wav") == pair


@pytest.mark.parametrize("other", [{"rate": 16000}, {"channels": 2}])
def test_sides_of_two_kinds_are_not_joined(tmp_path: Path, other: dict[str, int]) -> None:
    side(tmp_path / "1.2-in.wav", [1, 1])
    side(tmp_path / "1.2-out.wav", [2, 2], **other)
    assert sides_of(tmp_path / "1.2.wav") is None


def test_a_mixed_file_alone_has_no_sides(tmp_path: Path) -> None:
    side(tmp_path / "1.2-in.wav", [1])
    assert sides_of(tmp_path / "1.2.wav") is None
