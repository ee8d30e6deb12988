"""Speech for the telephone: espeak-ng text to raw 8 kHz mu-law, cached beside the Asterisk root.

No library for it on purpose: `audioop` is gone from Python 3.13, and a laboratory should not need
ffmpeg for five seconds of speech.
"""

from __future__ import annotations

import array
import hashlib
import io
import math
import os
import shutil
import subprocess
import wave
from pathlib import Path

from callcenter.demo.spool import Dialogue
from tests.lab.root import LabError, cache_dir

RATE_HZ = 8000
CUSTOMER_TEXT = "Good morning. My order has not arrived yet. The number of the order is four seven one one."
AGENT_TEXT = "Hello, this is the support desk. I am looking it up. Your parcel will arrive on Tuesday."


def speech(text: str, voice: str = "en") -> Path:
    """File of raw mu-law samples saying `text`, followed by half a second of silence; made once."""
    key = hashlib.sha256(f"{voice}|{text}".encode()).hexdigest()[:16]
    path = cache_dir() / "speech" / f"{key}.ulaw"
    if path.exists():
        return path
    if shutil.which("espeak-ng") is None:
        raise LabError("espeak-ng is missing: apt-get install -y espeak-ng")
    spoken = subprocess.run(["espeak-ng", "-v", voice, "--stdout", text], capture_output=True, check=True).stdout
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(_ulaw(_samples(spoken)) + b"\xff" * (RATE_HZ // 2))
    temporary.rename(path)
    return path


def side(talk: Dialogue, *, caller: bool) -> Path:
    """What one of two says in a talk of the demo, in its time; silence while the other speaks."""
    path = cache_dir() / "speech" / f"{talk.name}-{'caller' if caller else 'agent'}.ulaw"
    if not path.exists():
        said = bytearray(b"\xff" * len(talk.ulaw))
        for turn in talk.turns:
            if turn.caller is caller:
                said[turn.start : turn.end] = talk.ulaw[turn.start : turn.end]
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(said)
        temporary.rename(path)
    return path


def tone(hertz: int) -> Path:
    """File of ten seconds of a tone: whose voice a recording holds is told by its pitch."""
    path = cache_dir() / "speech" / f"tone-{hertz}.ulaw"
    if not path.exists():
        swing = [int(8000 * math.sin(2 * math.pi * hertz * at / RATE_HZ)) for at in range(10 * RATE_HZ)]
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(_ulaw(swing))
        temporary.rename(path)
    return path


def _samples(wav: bytes) -> list[int]:
    """16-bit samples of a mono WAV, brought to 8 kHz by linear interpolation."""
    # espeak cannot seek in a pipe: its header claims 2 GB, so the data is taken as far as it goes
    with wave.open(io.BytesIO(wav)) as source:
        rate = source.getframerate()
    values = array.array("h", wav[44 : 44 + (len(wav) - 44) // 2 * 2])
    step = rate / RATE_HZ
    count = int((len(values) - 1) / step)
    out: list[int] = []
    for number in range(count):
        place = number * step
        left = int(place)
        share = place - left
        out.append(int(values[left] * (1 - share) + values[left + 1] * share))
    return out


def _ulaw(samples: list[int]) -> bytes:
    return bytes(_ulaw_byte(sample) for sample in samples)


def _ulaw_byte(sample: int) -> int:
    """G.711 mu-law: sign, exponent of the biased magnitude, four bits of mantissa, all inverted."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> (exponent + 3) & 0x0F) & 0xFF
