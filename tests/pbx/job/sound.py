"""Sound as tests judge it: how loud it is when, and where nothing at all is to be heard."""

from __future__ import annotations

import array
import io
import wave

_STEP_S = 0.1
_SOUND = 200


def levels(data: bytes) -> list[list[int]]:
    """The loudest sample of each tenth of a second, a channel a list."""
    with wave.open(io.BytesIO(data)) as file:
        channels, rate = file.getnchannels(), file.getframerate()
        samples = array.array("h", file.readframes(file.getnframes()))
    step = int(rate * _STEP_S)
    voices = [samples[at::channels] for at in range(channels)]
    return [[max(map(abs, v[at : at + step])) for at in range(0, len(v) - step, step)] for v in voices]


def silences(voice: list[int]) -> list[tuple[float, float]]:
    """Stretches of digital silence of more than a second, in seconds."""
    found, begun = [], 0
    for at, level in enumerate([*voice, _SOUND]):
        if level:
            found += [(begun * _STEP_S, at * _STEP_S)] if at - begun > 1 / _STEP_S else []
            begun = at + 1
    return found
