"""Who said what when: the engine's words as utterances in the order of the talk. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

_PAUSE_SECONDS: Final = 1.0
_SPEAKERS: Final = {1: ("both",), 2: ("customer", "agent")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Words of one speaker without a long pause between them; ``confidence`` is their mean, from 0 to 1."""

    speaker: str
    words: tuple[dict[str, Any], ...]

    @property
    def start_s(self) -> float:
        return float(self.words[0]["start_s"])

    @property
    def end_s(self) -> float:
        return float(self.words[-1]["end_s"])

    @property
    def text(self) -> str:
        return " ".join(str(word["text"]) for word in self.words)

    @property
    def confidence(self) -> float:
        return round(sum(float(word["confidence"]) for word in self.words) / len(self.words), 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An agent's talk with the customer; ``ended_at`` None: to the end."""

    agent: str
    answered_at: datetime
    ended_at: datetime | None


def agent_at(parts: Sequence[Part], at: datetime) -> str:
    """Which agent spoke then: of those with the customer whoever came last; between two talks, whoever had the last
    one, and before all of them the first. "" where nobody is known."""
    begun = [part for part in parts if part.answered_at <= at]
    there = [part for part in begun if part.ended_at is None or at < part.ended_at]
    last = max(there or begun, key=lambda part: part.answered_at, default=None)
    return (last or min(parts, key=lambda part: part.answered_at)).agent if parts else ""


def spoken(voices: Sequence[Sequence[Sequence[dict[str, Any]]]]) -> list[Said]:
    """All voices in order of time. Two channels are the customer and the agents, one is everybody; of more than two
    channels nobody knows who they are."""
    names = _SPEAKERS.get(len(voices), ("both",) * len(voices))
    said = [
        Said(speaker=name, words=part)
        for name, utterances in zip(names, voices, strict=True)
        for words in utterances
        for part in _parts(words)
    ]
    return sorted(said, key=lambda one: (one.start_s, one.speaker))


def _parts(words: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], ...]]:
    """Cut where the speaker paused: the other one may have answered meanwhile."""
    parts: list[list[dict[str, Any]]] = []
    for word in words:
        if parts and word["start_s"] - parts[-1][-1]["end_s"] < _PAUSE_SECONDS:
            parts[-1].append(word)
        else:
            parts.append([word])
    return [tuple(part) for part in parts]
