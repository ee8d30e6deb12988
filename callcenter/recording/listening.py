"""The worker process that listens: one file a line on standard input, what was heard in lines on standard output.

Run by ``recording/ears.py`` as ``python -m callcenter.recording.listening``. It is asked ``{"file": …, "model": …}``,
``file`` empty to load the model only, and answers ``{"loaded": name, "patience": n}`` once it is there or
``{"fault": remedy}``; then, while sound goes in and words come out, ``{"beat": true}`` every second, and at last
``{"voices": [[utterance, …], …]}``, a voice a channel, or ``{"error": why}``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from callcenter.recording.audio import voices
from callcenter.recording.engines import CHUNK, Engine, EngineFault, engine

_BEAT_SECONDS: Final = 1.0
GIVES_WAY: Final = 10
"""So much nicer than the service: text may wait, a pop and the recording of a call may not."""
T = TypeVar("T")
Say = Callable[[dict[str, Any]], None]


def hear(ear: Engine, file: Path, say: Say) -> dict[str, Any]:
    """What is said in a file."""
    try:
        heard = [list(_beating(ear.utterances(_beating(pcm, say), rate), say)) for rate, pcm in voices(file, CHUNK)]
        return {"voices": [[words for words in voice if words] for voice in heard]}
    except (EngineFault, OSError, ValueError) as wrong:
        return {"error": f"{type(wrong).__name__}: {wrong}"}


def _beating(pieces: Iterable[T], say: Say) -> Iterator[T]:
    """The same; that sound is taken in and words come out shows that the engine is alive."""
    told = time.monotonic()
    for piece in pieces:
        if time.monotonic() - told > _BEAT_SECONDS:
            told = time.monotonic()
            say({"beat": True})
        yield piece


def main() -> int:
    os.nice(GIVES_WAY)
    ears: dict[str, Engine] = {}

    def say(answer: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

    for line in sys.stdin:
        asked = json.loads(line)
        name = asked["model"]
        try:
            if name not in ears:
                ears[name] = engine(Path(name))
        except EngineFault as wrong:
            say({"fault": str(wrong)})
            continue
        say({"loaded": ears[name].name, "patience": ears[name].patience})
        if asked["file"]:
            say(hear(ears[name], Path(asked["file"]), say))
    return 0


if __name__ == "__main__":
    sys.exit(main())
