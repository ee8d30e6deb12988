"""The worker process that listens: one file a line on standard input, what was heard in one line on standard output.

Run by ``recording/ears.py`` as ``python -m callcenter.recording.listening MODEL``. Its first line says whether the
model can be used: ``{"model": name}`` or ``{"fault": remedy}``. Each answer is ``{"voices": [[utterance, …], …]}``, a
voice a channel, or ``{"error": why}``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from callcenter.recording.audio import voices
from callcenter.recording.engines import CHUNK, Engine, EngineFault, Vosk


def hear(engine: Engine, file: Path) -> dict[str, Any]:
    """What is said in a file."""
    try:
        return {"voices": [engine.utterances(pcm, rate) for rate, pcm in voices(file, CHUNK)]}
    except (EngineFault, OSError, ValueError) as wrong:
        return {"error": f"{type(wrong).__name__}: {wrong}"}


def main() -> int:
    def say(answer: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

    try:
        engine = Vosk(Path(sys.argv[1]))
    except (EngineFault, ImportError) as wrong:
        say({"fault": str(wrong)})
        return 1
    say({"model": engine.name})
    for line in sys.stdin:
        say(hear(engine, Path(json.loads(line)["file"])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
