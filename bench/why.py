"""A question about one call while half a gigabyte of a busy PBX's stream is kept.

The stream is every capture of a real Asterisk again and again, each time with channels of its own; the call that is
asked for stands in the middle. Also told: a number that nobody has, looked for in twenty minutes of it.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from callcenter.ami.journal import FILE_BYTES, FILES, Journal
from callcenter.events import CallKey
from callcenter.explaining.reading import Kept, story
from callcenter.explaining.search import Asked, search
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.roster import Roster

BAR_S: Final = 2.0
CAPTURES: Final = Path(__file__).parents[1] / "tests" / "captures"
BEGAN: Final = datetime(2026, 11, 27, tzinfo=UTC)
_ID: Final = re.compile(rb"\b1795\d{6}\.(\d+)\b")
_BRIDGE: Final = re.compile(rb": [0-9a-f]{8}(-[0-9a-f]{4}-)")
_TIME: Final = re.compile(rb"\r\nTimestamp: (\d{10})\.(\d{6})\r\n")
MAP: Final = PbxMap(
    pbx="main",
    region="RU",
    rules=(
        Rule(pattern="PJSIP/trunk*", kind=Kind.TRUNK),
        Rule(pattern="PJSIP/anonymous", kind=Kind.TRUNK),
        Rule(pattern="PJSIP/*", kind=Kind.DEVICE),
    ),
)


def fill(folder: Path) -> tuple[int, int]:
    """Writes until the journal is as large as it may be; how many bytes, and until which second."""
    streams = [path.read_bytes() for path in sorted(CAPTURES.glob("*.ami")) if "hostile" not in path.name]
    journal, written, second = Journal(folder, "main"), 0, int(BEGAN.timestamp())
    while written < FILES * FILE_BYTES - 2 * FILE_BYTES // 3:
        for stream in streams:
            second += 1
            own = b"%d." % second
            told = _ID.sub(own + rb"\g<1>", stream)
            told = _BRIDGE.sub(rb": %08x\g<1>" % second, told)
            told = _TIME.sub(rb"\r\nTimestamp: %d.\2\r\n" % second, told)
            journal.append(told)
            written += len(told)
    journal.close()
    return written, second


def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        written, last = fill(folder)
        middle = (int(BEGAN.timestamp()) + last) // 2
        at = datetime.fromtimestamp(middle, UTC)
        worst = 0.0
        for minutes in (1, 10, 60):
            span = (at - timedelta(minutes=minutes), at + timedelta(minutes=minutes))
            of = Kept(
                key=CallKey(pbx="main", uniqueid=f"{middle}.0"), span=span, map=MAP, roster=Roster(), deliveries=()
            )
            began = time.perf_counter()
            found, told = story(folder, of)
            took = time.perf_counter() - began
            worst = max(worst, took)
            print(
                f"a call of {2 * minutes} minutes: {len(found.places)} messages, call {bool(told.call)}, {took:.2f} s"
            )
        began = time.perf_counter()
        asked = Asked(
            pbx="main", span=(at - timedelta(minutes=10), at + timedelta(minutes=10)), number="+39 02 5550199"
        )
        search(folder, asked, MAP, Roster())
        took = time.perf_counter() - began
        print(f"a number in twenty minutes: {took:.2f} s; {written / 1e6:.0f} MB kept")
        passed = max(worst, took) <= BAR_S
        print(f"why {max(worst, took):.2f} {BAR_S:g} {'pass' if passed else 'fail'}")
        return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
