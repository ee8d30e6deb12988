"""Whisper by way of a stand-in of its library: what is told of one that cannot be used, and how long one may think."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from callcenter.demo.spool import dialogues, header, pcm
from callcenter.recording import models
from callcenter.recording.ears import Ears
from callcenter.recording.engines import EngineFault, engine

TALK = dialogues()[0]
NUMBERS = """
class Numbers(list):
    def astype(self, kind):
        return self
    def __truediv__(self, by):
        return self
def frombuffer(data, dtype):
    return Numbers(data)
def arange(*span):
    return Numbers()
def interp(*points):
    return Numbers()
"""
LIBRARY = """
import time
from types import SimpleNamespace
class WhisperModel:
    def __init__(self, *_, **__):
        pass
    def transcribe(self, sound, **__):
        time.sleep(0.4)
        word = SimpleNamespace(word=" Hello,", start=1.0, end=1.5, probability=0.9)
        return [SimpleNamespace(words=[word])], None
"""
WHISPER = ("model.bin", "config.json", "tokenizer.json")


def unreadable(*_: object, **__: object) -> None:
    raise RuntimeError("no such file.\nmore")


@pytest.mark.parametrize(
    ("files", "library", "told"),
    [
        ((), None, "{} holds no speech model; see: callcenter speech list"),
        (
            WHISPER[:2],
            None,
            "the Whisper model in {} lacks tokenizer.json; take all files of one that is converted for faster-whisper, "
            "and: callcenter speech install FOLDER",
        ),
        (WHISPER, None, "{} is a Whisper model, which needs: pip install callcenter[whisper]"),
        (
            WHISPER,
            SimpleNamespace(WhisperModel=unreadable),
            "the model in {} cannot be read: no such file; install it anew: callcenter speech install",
        ),
    ],
)
def test_what_a_whisper_model_lacks_is_one_line_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: tuple[str, ...], library: object, told: str
) -> None:
    folder = tmp_path / "whisper-small"
    folder.mkdir()
    for name in files:
        (folder / name).touch()
    monkeypatch.setitem(sys.modules, "faster_whisper", library)
    monkeypatch.setitem(sys.modules, "numpy", SimpleNamespace())
    with pytest.raises(EngineFault) as wrong:
        engine(folder)
    assert str(wrong.value) == told.format(folder)


async def test_who_hears_half_a_minute_at_a_time_may_be_silent_for_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large model on a busy core tells nothing for minutes: it is not hung."""
    folder, file, data = tmp_path / "whisper-large", tmp_path / "talk.wav", pcm(TALK, TALK.seconds)
    folder.mkdir()
    for name in WHISPER:
        (folder / name).touch()
    (tmp_path / "faster_whisper.py").write_text(LIBRARY)
    (tmp_path / "numpy.py").write_text(NUMBERS)
    file.write_bytes(header(len(data)) + data)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    ears = Ears(silent_s=0.5)
    try:
        heard = await ears.hear(file, models.of(folder))
    finally:
        await ears.close()
    assert [[word["text"] for word in words] for voice in heard.voices for words in voice] == [["Hello"], ["Hello"]]
