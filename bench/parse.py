"""CPU per AMI event: our reader, parser and tracker against a parser that only filters by name and splits lines.

Input: every capture of a real Asterisk that a user with all rights heard, again and again. Both sides run in turn on
the same bytes, cut as a socket cuts them; the figure is the median of the ratios.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from callcenter.ami import framing
from callcenter.ami.parsing import WANTED, parse
from callcenter.ami.reader import Reader
from callcenter.ami.tracker import Tracker
from callcenter.pbxmap import Kind, PbxMap, Rule

BAR: Final = 4.0
ROUNDS: Final = 7
REPEAT: Final = 60
CHUNK: Final = 16_384
CAPTURES: Final = Path(__file__).parents[1] / "tests" / "captures"
MAP: Final = PbxMap(
    pbx="main",
    region="RU",
    rules=(
        Rule(pattern="PJSIP/trunk*", kind=Kind.TRUNK),
        Rule(pattern="PJSIP/anonymous", kind=Kind.TRUNK),
        Rule(pattern="PJSIP/*", kind=Kind.DEVICE),
    ),
)


def chunks() -> list[bytes]:
    files = sorted(path for path in CAPTURES.glob("*.ami") if not path.name.endswith(".least.ami"))
    stream = b"".join(path.read_bytes() for path in files if path.stem not in ("kill", "hostile_callerid")) * REPEAT
    return [stream[at : at + CHUNK] for at in range(0, len(stream), CHUNK)]


def plain_filter(data: list[bytes]) -> int:
    """The least that could be of use: names looked at on bytes, wanted events split into a dict."""
    wanted = {name.encode() for name in WANTED if name != "VarSet"}
    seen, tail = 0, b""
    for piece in data:
        *messages, tail = (tail + piece).split(b"\r\n\r\n")
        for message in messages:
            seen += 1
            if message[7 : message.find(b"\r\n")] in wanted:
                dict(line.partition(": ")[::2] for line in message.decode().split("\r\n"))
    return seen


def ours(data: list[bytes]) -> int:
    """All of it: believed or not, typed, and what it means for calls."""
    reader, framer, tracker = Reader(), framing.Framer(), Tracker(MAP)
    now = datetime.now(UTC)
    seen = 0
    for piece in data:
        for message in framer.feed(piece):
            seen += 1
            try:
                fields = reader.read(message)
            except framing.Broken:
                continue
            if fields is not None:
                at = framing.moment(fields.get("timestamp", ""), now)
                if found := parse(fields, at, at.timestamp()):
                    tracker.feed(found)
    return seen


def cost(run: Callable[[list[bytes]], int], data: list[bytes]) -> float:
    """Microseconds of CPU per event."""
    began = time.process_time()
    events = run(data)
    return (time.process_time() - began) * 1e6 / events


def main() -> int:
    data = chunks()
    events = plain_filter(data)
    pairs = [(cost(plain_filter, data), cost(ours, data)) for _ in range(ROUNDS)]
    ratio = statistics.median(own / plain for plain, own in pairs)
    print(f"{events} events, {sum(map(len, data)) / events:.0f} bytes each")
    print(f"plain filter {statistics.median(plain for plain, _ in pairs):.2f} us/event")
    print(f"ours         {statistics.median(own for _, own in pairs):.2f} us/event")
    print(f"parse {ratio:.2f} {BAR:g} {'pass' if ratio <= BAR else 'fail'}")
    return 0 if ratio <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
