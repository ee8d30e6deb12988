"""Speech recognition behind one small interface. Runs in a process of its own: an engine may crash or hang it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Protocol

from callcenter.recording import models

CHUNK: Final = 8000
"""Bytes fed at once: half a second at 8 kHz."""


class EngineFault(Exception):
    """The engine cannot work with what it was given; the text names the remedy."""


class Engine(Protocol):
    """Hears one voice. Each word is ``{"text", "start_s", "end_s", "confidence"}``; every list is an utterance."""

    name: str

    def utterances(self, pcm: Iterable[bytes], rate: int) -> list[list[dict[str, Any]]]: ...


def engine(folder: Path) -> Engine:
    """Whoever reads that model. Raises EngineFault."""
    found = models.of(folder)
    if found.engine == "vosk":
        return Vosk(folder)
    raise EngineFault(f"{folder} holds no speech model; see: callcenter speech list")


class Vosk:
    """Vosk with a model folder on disk (https://alphacephei.com/vosk/models). Raises EngineFault at once when the model
    is unusable: the library itself would notice only at the first recording, or go to the network."""

    def __init__(self, model: Path) -> None:
        try:
            import vosk
        except (ImportError, OSError) as wrong:
            raise EngineFault(f"vosk does not run on this machine: {wrong}") from wrong
        vosk.SetLogLevel(-1)
        try:
            self._model = vosk.Model(str(model))
            vosk.KaldiRecognizer(self._model, 8000)
        except Exception as wrong:
            raise EngineFault(f"the model in {model} cannot be read: {wrong}; install it anew") from wrong
        self._recognizer = vosk.KaldiRecognizer
        self.name = model.absolute().name

    def utterances(self, pcm: Iterable[bytes], rate: int) -> list[list[dict[str, Any]]]:
        if not 8000 <= rate <= 48000:
            raise EngineFault(f"{rate} samples a second are no speech")
        ear = self._recognizer(self._model, rate)
        ear.SetWords(True)
        found = [_words(ear.Result()) for piece in pcm if ear.AcceptWaveform(piece)]
        found.append(_words(ear.FinalResult()))
        return [words for words in found if words]


def _words(result: str) -> list[dict[str, Any]]:
    heard = json.loads(result).get("result", [])
    return [
        {"text": w["word"], "start_s": w["start"], "end_s": w["end"], "confidence": round(w["conf"], 3)}
        for w in heard
        if w["word"] != "[unk]"
    ]
