"""Speech recognition behind one small interface. Runs in a process of its own: an engine may crash or hang it."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from callcenter.recording import models

Utterance: TypeAlias = list[dict[str, Any]]
_WHISPER_RATE: Final = 16000
_WHISPER_FILES: Final = ("config.json", "tokenizer.json")
"""Beside ``model.bin``; for the second one that is not there the library would go to the network."""
_BARE: Final = re.compile(r"^\W+|\W+$")
CHUNK: Final = 8000
"""Bytes fed at once: half a second at 8 kHz."""


class EngineFault(Exception):
    """The engine cannot work with what it was given; the text names the remedy."""


class Engine(Protocol):
    """Hears one voice. Each word is ``{"text", "start_s", "end_s", "confidence"}``; every list is an utterance, told as
    soon as it is heard. ``patience``: how many times longer than a minute it may work without a word."""

    name: str
    patience: int

    def utterances(self, pcm: Iterable[bytes], rate: int) -> Iterator[Utterance]: ...


def engine(folder: Path) -> Engine:
    """Whoever reads that model. Raises EngineFault."""
    found = models.of(folder)
    if found.engine == "vosk":
        return Vosk(folder)
    if found.engine == "whisper":
        return Whisper(folder)
    raise EngineFault(f"{folder} holds no speech model; see: callcenter speech list")


class Vosk:
    """Vosk with a model folder on disk (https://alphacephei.com/vosk/models). Raises EngineFault at once when the model
    is unusable: the library itself would notice only at the first recording, or go to the network."""

    patience = 1

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
            raise _unreadable(model, wrong) from wrong
        self._recognizer = vosk.KaldiRecognizer
        self.name = model.absolute().name

    def utterances(self, pcm: Iterable[bytes], rate: int) -> Iterator[Utterance]:
        if not 8000 <= rate <= 48000:
            raise EngineFault(f"{rate} samples a second are no speech")
        ear = self._recognizer(self._model, rate)
        ear.SetWords(True)
        for piece in pcm:
            if ear.AcceptWaveform(piece):
                yield _words(ear.Result())
        yield _words(ear.FinalResult())


class Whisper:
    """faster-whisper with a model folder on disk: 16 kHz, any language, which it finds out by itself. Silence is cut
    out beforehand, as this kind of model invents words for it. It takes one core, as there may be more processes, and
    tells nothing before half a minute of sound is through, at which a large model works for minutes."""

    patience = 15

    def __init__(self, model: Path) -> None:
        if lacking := [name for name in _WHISPER_FILES if not (model / name).is_file()]:
            raise EngineFault(
                f"the Whisper model in {model} lacks {' and '.join(lacking)}; take all files of one that is converted "
                "for faster-whisper, and: callcenter speech install FOLDER"
            )
        try:
            whisper: Any = importlib.import_module("faster_whisper")
            self._numpy: Any = importlib.import_module("numpy")
        except (ImportError, OSError) as wrong:
            raise EngineFault(f"{model} is a Whisper model, which needs: pip install callcenter[whisper]") from wrong
        try:
            self._model = whisper.WhisperModel(str(model), compute_type="int8", cpu_threads=1, local_files_only=True)
        except Exception as wrong:
            raise _unreadable(model, wrong) from wrong
        self.name = model.absolute().name

    def utterances(self, pcm: Iterable[bytes], rate: int) -> Iterator[Utterance]:
        samples = self._numpy.frombuffer(b"".join(pcm), dtype="<i2").astype("float32") / 32768
        if len(samples) == 0:
            return
        places = self._numpy.arange(0, len(samples), rate / _WHISPER_RATE)
        sound = self._numpy.interp(places, self._numpy.arange(len(samples)), samples).astype("float32")
        segments, _told = self._model.transcribe(
            sound, word_timestamps=True, vad_filter=True, condition_on_previous_text=False
        )
        for segment in segments:
            yield [
                {
                    "text": text,
                    "start_s": round(float(word.start), 3),
                    "end_s": round(float(word.end), 3),
                    "confidence": round(float(word.probability), 3),
                }
                for word in segment.words or ()
                if (text := _BARE.sub("", word.word))
            ]


def _unreadable(model: Path, wrong: Exception) -> EngineFault:
    """Libraries say in many lines what the first one tells."""
    why = (str(wrong).strip() or type(wrong).__name__).splitlines()[0].rstrip(". ")
    return EngineFault(f"the model in {model} cannot be read: {why}; install it anew: callcenter speech install")


def _words(result: str) -> Utterance:
    heard = json.loads(result).get("result", [])
    return [
        {"text": w["word"], "start_s": w["start"], "end_s": w["end"], "confidence": round(w["conf"], 3)}
        for w in heard
        if w["word"] != "[unk]"
    ]
