"""Stretches of a recording that nobody may hear: from the words that are hidden, and cut out of the samples. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import count, groupby
from typing import Any, Final

from callcenter.crm import hiding
from callcenter.crm.card_digits import HIDDEN
from callcenter.crm.sounds import Spans, joined
from callcenter.recording.files import Wave

_BEFORE_S: Final = 0.25
_AFTER_S: Final = 0.35
"""An engine tells a word's end too early rather than too late."""
_APART_S: Final = 3.0


def silent(voices: Iterable[Sequence[dict[str, Any]]], duration_s: float) -> list[list[float]]:
    """From and to which second every voice is silent: a number is often repeated by the other, or heard through his
    microphone. ``voices``: the words of each, in order."""
    spans = [_around(part) for words in voices for part in _hidden(words)]
    return joined(((max(0.0, start), min(duration_s, end)) for start, end in spans))


def discreet(
    voice: Sequence[Sequence[dict[str, Any]]], patterns: Sequence[re.Pattern[str]]
) -> list[list[dict[str, Any]]]:
    """The utterances of one voice with the words hidden that may not be kept, also across the pauses a person makes."""
    secret = hiding.spoken([str(word["text"]) for words in voice for word in words], patterns)
    at = count()
    return [[{**word, "text": HIDDEN} if next(at) in secret else word for word in words] for words in voice]


def hush(data: bytearray, at: int, wave: Wave, spans: Spans) -> None:
    """Silences what lies in the spans of a piece of a WAV file that begins ``at`` bytes behind its first sample."""
    frame = wave.channels * wave.sample_bytes
    nothing = b"\x80" if wave.sample_bytes == 1 else b"\0"
    for start_s, end_s in spans:
        start = max(0, int(start_s * wave.rate) * frame - at)
        end = min(len(data), (int(end_s * wave.rate) + 1) * frame - at)
        if start < end:
            data[start:end] = nothing * (end - start)


def flat(bars: bytes, bar_s: float, spans: Spans) -> bytes:
    """The outline of one channel without what it shows of the spans."""
    out = bytearray(bars)
    for start_s, end_s in spans:
        start, end = int(start_s / bar_s), min(len(out), int(end_s / bar_s) + 1)
        out[start:end] = bytes(max(0, end - start))
    return bytes(out)


def _hidden(words: Sequence[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """Hidden words that follow each other, without a long pause between them."""
    for secret, run in groupby(words, key=lambda word: word["text"] == HIDDEN):
        part: list[dict[str, Any]] = []
        for word in run if secret else ():
            if part and word["start_s"] - part[-1]["end_s"] > _APART_S:
                yield part
                part = []
            part.append(word)
        if part:
            yield part


def _around(words: Sequence[dict[str, Any]]) -> tuple[float, float]:
    return float(words[0]["start_s"]) - _BEFORE_S, float(words[-1]["end_s"]) + _AFTER_S
