"""The two sides of a talk as one stereo file: the customer left, the agents right.

Asterisk writes each side beside the mixed file where MixMonitor is asked to (options ``r`` and ``t``); only so can
anybody say afterwards who said what.
"""

from __future__ import annotations

import array
import io
import sys
import wave
from pathlib import Path
from typing import Final

from callcenter.recording.files import NotARecording, Wave, inspect

_SAMPLE_BYTES: Final = 2


def sides_of(file: Path) -> tuple[Path, Path] | None:
    """The customer's and the agents' file of a mixed one, where both hold sound of one kind."""
    pair = file.with_name(f"{file.stem}-in.wav"), file.with_name(f"{file.stem}-out.wav")
    try:
        left, right = (inspect(side) for side in pair)
    except (NotARecording, OSError):
        return None
    alike = left.rate == right.rate and left.sample_bytes == right.sample_bytes == _SAMPLE_BYTES
    return pair if alike and left.channels == right.channels == 1 else None


def stereo(customer: Path, agents: Path) -> bytes:
    """A WAV file of both; the shorter side is silent at its end. Raises NotARecording, OSError."""
    rate = inspect(customer).rate
    left, right = _samples(customer), _samples(agents)
    both = array.array("h", bytes(2 * _SAMPLE_BYTES * max(len(left), len(right))))
    both[0 : 2 * len(left) : 2] = left
    both[1 : 2 * len(right) : 2] = right
    if sys.byteorder == "big":
        both.byteswap()
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(_SAMPLE_BYTES)
        file.setframerate(rate)
        file.writeframes(both.tobytes())
    return out.getvalue()


def shape(data: bytes) -> Wave:
    """The form of a WAV file in memory."""
    with wave.open(io.BytesIO(data)) as file:
        frame = file.getnchannels() * file.getsampwidth()
        return Wave(
            channels=file.getnchannels(),
            rate=file.getframerate(),
            sample_bytes=file.getsampwidth(),
            data_at=len(data) - file.getnframes() * frame,
            data_bytes=file.getnframes() * frame,
            repaired=False,
        )


def _samples(file: Path) -> array.array[int]:
    form = inspect(file)
    with file.open("rb") as opened:
        opened.seek(form.data_at)
        found = array.array("h", opened.read(form.data_bytes - form.data_bytes % _SAMPLE_BYTES))
    if sys.byteorder == "big":
        found.byteswap()
    return found
