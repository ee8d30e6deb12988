"""Sound for the speech engine: one voice at a time, at a rate it takes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pydub's own: old escapes, and ffmpeg that is not needed for WAV
    from pydub import AudioSegment

_SAMPLE_BYTES: Final = 2
_RATES: Final = (8000, 16000)


def voices(file: Path, chunk: int) -> list[tuple[int, Iterator[bytes]]]:
    """Each channel's rate, and its samples (16-bit, little endian) in pieces of ``chunk`` bytes.

    Raises OSError, and ValueError for what is no sound.
    """
    try:
        with file.open("rb") as opened:
            plain = opened.read(4) == b"RIFF"
        sound = (AudioSegment.from_wav if plain else AudioSegment.from_file)(str(file))
        sound = sound.set_sample_width(_SAMPLE_BYTES)
    except OSError:
        raise
    except Exception as wrong:
        raise ValueError(f"not a sound that can be read: {wrong}") from wrong
    if sound.frame_rate not in _RATES:
        sound = sound.set_frame_rate(_RATES[-1])
    return [(one.frame_rate, _pieces(one.raw_data, chunk)) for one in sound.split_to_mono()]


def _pieces(data: bytes, chunk: int) -> Iterator[bytes]:
    return (data[at : at + chunk] for at in range(0, len(data), chunk))
