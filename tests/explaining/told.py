"""Captures laid into a journal as the service keeps them, and read again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callcenter.ami import framing, slices
from callcenter.ami.journal import Journal
from callcenter.ami.retelling import Step, retell
from callcenter.ami.slices import Found
from callcenter.events import CallKey
from callcenter.explaining.reading import replayed
from callcenter.explaining.story import Answer, Delivery, Story, tell
from callcenter.pbxmap import PbxMap
from callcenter.roster import Roster
from tests.ami.tale import MAP, ROSTER, recorded

_TIMESTAMP = re.compile(rb"\r\nTimestamp: (\d+\.\d+)")
ALWAYS = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def kept(stream: bytes) -> list[tuple[float, bytes]]:
    """Every event of a stream with its moment."""
    moment, found = 0.0, []
    for message in framing.Framer().feed(stream):
        text = message.lstrip(b"\r\n")
        if told := _TIMESTAMP.search(text):
            moment = float(told[1])
        if text.startswith(b"Event: "):
            found.append((moment, text))
    return found


def steps(stream: bytes, map: PbxMap = MAP) -> list[Step]:
    return list(retell(kept(stream), map))


def journal(folder: Path, stream: bytes, pbx: str = "main") -> Path:
    """The stream as the service would have kept it."""
    writing = Journal(folder, pbx)
    for at in range(0, len(stream), 8192):
        writing.append(stream[at : at + 8192])
    writing.close()
    return folder


def family(folder: Path, uniqueid: str) -> Found:
    return slices.family(folder, "main", uniqueid, ALWAYS)


def story(
    stream: bytes,
    uniqueid: str,
    *,
    map: PbxMap = MAP,
    roster: Roster = ROSTER,
    deliveries: tuple[Delivery, ...] = (),
) -> Story:
    return tell(steps(stream, map), CallKey(pbx="main", uniqueid=uniqueid), roster, deliveries)


def of_capture(folder: Path, name: str, uniqueid: str) -> Story:
    found = family(journal(folder, recorded(name)), uniqueid)
    return tell(replayed(found, MAP), CallKey(pbx="main", uniqueid=uniqueid), ROSTER, ())


def answers(told: Story) -> list[Answer]:
    return [verdict.code for verdict in told.verdicts]


def soon(at: datetime) -> tuple[datetime, datetime]:
    return at - timedelta(minutes=5), at + timedelta(minutes=5)
