"""The waveform of a ten-minute stereo call: our outline against numpy over the same bytes in chunks.

numpy is no part of the project; install it beside it to run this (``.venv/bin/pip install numpy``). Both sides run in
turn on the same sound; the figure is the median of the ratios of CPU time.
"""

from __future__ import annotations

import importlib
import random
import statistics
import sys
import time
from typing import Any, Final

from callcenter.recording.files import Wave
from callcenter.recording.outline import Outline

BAR: Final = 2.0
ROUNDS: Final = 7
SECONDS: Final = 600
RATE: Final = 8000
PIECE: Final = 1024 * 1024
FRAME: Final = 4


def ours(sound: bytes) -> list[list[int]]:
    """As the service does it: piece by piece as the store sends it."""
    form = Wave(channels=2, rate=RATE, sample_bytes=2, data_at=44, data_bytes=len(sound), repaired=False)
    outline = Outline(form)
    for at in range(0, len(sound), PIECE):
        outline.feed(sound[at : at + PIECE])
    outline.end()
    return [list(bars) for bars in outline.bars]


def chunked(numpy: Any, sound: bytes, frames: int) -> list[list[int]]:
    """The same figures with numpy, as many bars at a time as a piece holds."""
    bars = numpy.frombuffer(sound, dtype="<i2").reshape(-1, frames, 2)
    step = PIECE // (frames * FRAME)
    found = []
    for at in range(0, len(bars), step):
        piece = bars[at : at + step]
        top = numpy.maximum(piece.max(axis=1).astype(numpy.int32), -piece.min(axis=1).astype(numpy.int32))
        found.append(numpy.minimum(top * 256 // 32768, 255))
    return [list(map(int, voice)) for voice in numpy.concatenate(found).T]


def cost(run: Any, *args: Any) -> float:
    began = time.process_time()
    run(*args)
    return time.process_time() - began


def main() -> int:
    try:
        numpy = importlib.import_module("numpy")
    except ImportError:
        print("the baseline is numpy, which is not installed: .venv/bin/pip install numpy", file=sys.stderr)
        return 2
    sound = random.Random(1).randbytes(SECONDS * RATE * FRAME)
    frames = round(max(0.05, SECONDS / 3000) * RATE)
    if ours(sound) != chunked(numpy, sound, frames):
        print("the two outlines differ", file=sys.stderr)
        return 1
    pairs = [(cost(chunked, numpy, sound, frames), cost(ours, sound)) for _ in range(ROUNDS)]
    ratio = statistics.median(own / plain for plain, own in pairs)
    print(f"{SECONDS} s, 2 channels, {len(sound) / 1e6:.1f} MB")
    print(f"chunked numpy {statistics.median(plain for plain, _ in pairs) * 1e3:.0f} ms")
    print(f"ours          {statistics.median(own for _, own in pairs) * 1e3:.0f} ms")
    print(f"recordings {ratio:.2f} {BAR:g} {'pass' if ratio <= BAR else 'fail'}")
    return 0 if ratio <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
