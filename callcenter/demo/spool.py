"""The PBX's monitor folder: recordings as MixMonitor leaves them, made of talks that were spoken beforehand."""

from __future__ import annotations

import array
import json
import struct
import sys
import zlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

RATE: Final = 8000
_SPEECH: Final = Path(__file__).parent / "speech"
_SILENCE: Final = 0xFF
_FRAME: Final = 4
_FILES_KEPT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One speaker's words; ``start`` and ``end`` in samples."""

    caller: bool
    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    name: str
    ulaw: bytes
    turns: tuple[Turn, ...]

    @property
    def seconds(self) -> float:
        return len(self.ulaw) / RATE


@cache
def dialogues() -> tuple[Dialogue, ...]:
    """The talks that ship with the demo."""
    script: list[dict[str, Any]] = json.loads((_SPEECH / "dialogues.json").read_text())
    return tuple(
        Dialogue(
            name=each["name"],
            ulaw=zlib.decompress((_SPEECH / f"{each['name']}.ulaw.z").read_bytes()),
            turns=tuple(Turn(**turn) for turn in each["turns"]),
        )
        for each in script
    )


def _linear(code: int) -> int:
    """G.711: one µ-law byte as a 16-bit sample."""
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84) << (code >> 4 & 0x07)
    return 0x84 - magnitude if code & 0x80 else magnitude - 0x84


_LINEAR: Final = tuple(_linear(code) for code in range(256))


def pcm(dialogue: Dialogue, seconds: float) -> bytes:
    """The talk as 16-bit stereo, the caller left and the agent right, cut or filled with silence to its length."""
    samples = int(seconds * RATE)
    stereo = array.array("h", bytes(_FRAME * samples))
    for turn in dialogue.turns:
        end = min(turn.end, samples)
        if turn.start < end:
            spoken = array.array("h", map(_LINEAR.__getitem__, dialogue.ulaw[turn.start : end]))
            stereo[2 * turn.start + (not turn.caller) : 2 * end : 2] = spoken
    if sys.byteorder == "big":
        stereo.byteswap()
    return stereo.tobytes()


def header(data_bytes: int) -> bytes:
    """44 bytes of PCM16 stereo. Asterisk writes it with a length of 0 first."""
    form = struct.pack("<HHIIHH", 1, 2, RATE, RATE * _FRAME, _FRAME, 16)
    return (
        b"RIFF"
        + struct.pack("<I4s4sI", data_bytes + 36 if data_bytes else 0, b"WAVE", b"fmt ", 16)
        + (form + b"data" + struct.pack("<I", data_bytes))
    )


class Spool:
    """``folder`` is where the files are, ``named`` what the PBX calls that folder."""

    def __init__(self, folder: Path, named: str) -> None:
        self.folder = folder
        self._named = named
        self._written: deque[str] = deque()
        folder.mkdir(parents=True, exist_ok=True)

    def name(self, uniqueid: str) -> str:
        """What the PBX says of the recording of a channel."""
        return f"{self._named}/{uniqueid}.wav"

    def begin(self, uniqueid: str) -> None:
        """An empty file with a header that knows no length; it stays so when nobody talks."""
        self._file(uniqueid).write_bytes(header(0))

    def finish(
        self, uniqueid: str, dialogue: Dialogue, seconds: float, silent: Iterable[tuple[float, float]] = ()
    ) -> None:
        """The whole talk but for what is ``silent`` in it (seconds), its header put right: done before the channel's
        Hangup is told."""
        data = bytearray(pcm(dialogue, seconds))
        for begun, over in silent:
            start, end = (min(len(data), max(0, int(at * RATE)) * _FRAME) for at in (begun, over))
            data[start:end] = bytes(end - start)
        with self._file(uniqueid).open("r+b") as file:
            file.seek(0, 2)
            file.write(data)
            file.seek(0)
            file.write(header(len(data)))
        self._tidy(uniqueid)

    def _tidy(self, uniqueid: str) -> None:
        """A demo may run for days; the service has long stored what lies here that long."""
        self._written.append(uniqueid)
        if len(self._written) > _FILES_KEPT:
            self._file(self._written.popleft()).unlink(missing_ok=True)

    def _file(self, uniqueid: str) -> Path:
        return self.folder / f"{uniqueid}.wav"
