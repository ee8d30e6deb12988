"""Speaks the demo's conversations with espeak-ng: ``python callcenter/demo/speech/make.py``. Run by hand, kept here.

Two voices take turns in one µ-law stream at 8 kHz; ``dialogues.json`` says who speaks when. The words are plain on
purpose: small speech models know them.
"""

from __future__ import annotations

import array
import io
import json
import subprocess
import wave
import zlib
from pathlib import Path
from typing import Final

RATE: Final = 8000
CALLER, AGENT = ("en-us+m3", "150", "45"), ("en-us+f3", "155", "55")
SCRIPTS: Final[dict[str, tuple[str, ...]]] = {
    "late_delivery": (
        "hello operator please",
        "hello i want to cancel my order",
        "what is the order number",
        "my order number is four seven one one",
        "thank you what is the problem",
        "my delivery is late",
        "the delivery is for the wrong address",
        "yes please change my address",
        "thank you goodbye",
        "thank you",
    ),
    "refund": (
        "hello",
        "hello i want a refund for my order please",
        "what is the problem",
        "the order is broken",
        "what is my order number please",
        "five two nine eight one",
        "thank you the refund is for the order five two nine eight one",
        "yes thank you",
        "thank you goodbye",
    ),
    "invoice": (
        "hello help with what please",
        "i need help with my invoice",
        "what is the invoice number",
        "the invoice number is three zero six four",
        "yes i have the invoice three zero six four",
        "i want to pay the invoice with my card",
        "thank you for the payment",
        "thank you goodbye",
    ),
    "address": (
        "hello",
        "hello please change my address my address is wrong",
        "yes what is the account number",
        "my account number is eight eight two",
        "thank you what is the address",
        "my address is one five two",
        "yes the address is one five two thank you",
        "thank you goodbye",
    ),
    "cancel": (
        "hello",
        "hello please cancel my order",
        "what is the order number please",
        "seven three nine one",
        "is the delivery late",
        "no i have the wrong order",
        "yes cancel the order seven three nine one",
        "yes please cancel the payment",
        "thank you goodbye",
    ),
    "manager": (
        "hello",
        "i want to speak to a manager",
        "what is the problem please",
        "my payment is wrong i want a refund",
        "i need the account number",
        "the account number is two four six",
        "thank you i have the payment",
        "the refund is for my card yes",
        "yes to the card thank you",
        "no problem goodbye",
    ),
}


def main() -> None:
    """Writes every conversation beside this file."""
    folder = Path(__file__).parent
    script = []
    for name, lines in SCRIPTS.items():
        ulaw, turns = bytearray(b"\xff" * (RATE * 2 // 5)), []
        for at, words in enumerate(lines):
            caller = at % 2 == 1
            spoken = say(words, CALLER if caller else AGENT)
            turns.append({"caller": caller, "start": len(ulaw), "end": len(ulaw) + len(spoken), "words": words})
            ulaw += spoken + b"\xff" * (RATE * 3 // 10)
        (folder / f"{name}.ulaw.z").write_bytes(zlib.compress(bytes(ulaw), 9))
        script.append({"name": name, "turns": turns})
    (folder / "dialogues.json").write_text(json.dumps(script, indent=1) + "\n")


def say(words: str, voice: tuple[str, str, str]) -> bytes:
    """The words as µ-law."""
    name, speed, pitch = voice
    command = ["espeak-ng", "-v", name, "-s", speed, "-p", pitch, "--stdout", words]
    made = subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603
    with wave.open(io.BytesIO(made)) as source:
        rate = source.getframerate()
    samples = array.array("h", made[44 : len(made) - len(made) % 2])
    return bytes(encoded(sample) for sample in narrowed(samples, rate))


def narrowed(samples: array.array[int], rate: int) -> list[int]:
    """At 8 kHz: the mean of the samples around each moment, which also takes off what would fold back."""
    width = rate / RATE
    found = []
    for at in range(int(len(samples) / width)):
        part = samples[int(at * width) : max(int(at * width) + 1, int((at + 1.5) * width))]
        found.append(sum(part) // len(part) * 6 // 10)
    loud = [at for at, sample in enumerate(found) if abs(sample) > 200]
    return found[loud[0] : loud[-1] + 1] if loud else found


def encoded(sample: int) -> int:
    """G.711: a sample as one µ-law byte. Hiss below hearing becomes silence, which packs well."""
    if abs(sample) < 24:
        return 0xFF
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 0x84
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF


if __name__ == "__main__":
    main()
