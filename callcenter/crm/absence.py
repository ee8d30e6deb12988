"""Why an answered call that is over has no sound to listen to: one reason of a closed list. Pure.

What is wrong with a file (``recording.files.FileFault``) and what a rule lacks (``privacy.rules.Lack``) are reasons as
they are; the others stand here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from callcenter.crm.privacy.rules import Lack

SOON: Final = timedelta(seconds=60)
"""So long after its end a call's recording need not be there."""


class Absence(StrEnum):
    """``OUTAGE``: the PBX was not heard then. ``NOT_RECORDED``: it was heard, the rule says record, and it told of no
    recorder. ``BACKLOG``: others wait before it. ``COMING`` turns into ``UNEXPLAINED`` when nobody knows what it waits
    for."""

    OUTAGE = "outage"
    PAUSED = "paused_whole"
    NOT_RECORDED = "pbx_did_not_record"
    ERASED = "erased"
    SPOOL_NOT_SET = "spool_not_set"
    SPOOL_UNREADABLE = "spool_unreadable"
    STORE_UNAVAILABLE = "store_unavailable"
    LATE = "recording_late"
    BACKLOG = "backlog"
    COMING = "coming"
    UNEXPLAINED = "unexplained"


class Fate(StrEnum):
    """What became of an answered call's sound. ``EXCUSED``: somebody decided that there is none; ``DELAYED``: it will
    be there once what is named is mended; ``LOST``: it will not."""

    PRESENT = "present"
    EXCUSED = "excused"
    DELAYED = "delayed"
    LOST = "lost"
    UNEXPLAINED = "unexplained"


_DELAYED: Final = frozenset(
    {
        Absence.SPOOL_NOT_SET,
        Absence.SPOOL_UNREADABLE,
        Absence.STORE_UNAVAILABLE,
        Absence.LATE,
        Absence.BACKLOG,
        Absence.COMING,
        "not_sent",
        "growing",
    }
)
_EXCUSED: Final = frozenset({*Lack, Absence.PAUSED, Absence.ERASED})
_HOPE: Final = ("stored", "erased", "waiting", "recording", "missing", "empty", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Of an answered call that has been over, and known, for ``over``. ``files``: state and error of each recording the
    PBX told of; ``lack``: why its rule keeps none, "" where it keeps them; ``paused``: all of the talk; ``backlog``:
    recordings that nobody has looked at wait."""

    over: timedelta
    files: tuple[tuple[str, str], ...]
    lack: str = ""
    outage: bool = False
    paused: bool = False
    backlog: bool = False


def explain(facts: Facts) -> str:
    """The reason, "" where there is sound. Of several files the one that promises most counts."""
    if not facts.files:
        return _never_told_of(facts)
    state, error = min(facts.files, key=lambda file: _HOPE.index(file[0]))
    if state == "stored":
        return ""
    if state == "erased":
        return Absence.ERASED
    if state == "empty" and facts.paused:
        return Absence.PAUSED
    if state in ("waiting", "recording") and not error:
        return _waits(facts)
    return error or Absence.UNEXPLAINED


def _waits(facts: Facts) -> str:
    if facts.over <= SOON:
        return Absence.COMING
    return Absence.BACKLOG if facts.backlog else Absence.UNEXPLAINED


def _never_told_of(facts: Facts) -> str:
    if facts.lack:
        return facts.lack
    if facts.paused:
        return Absence.PAUSED
    return Absence.OUTAGE if facts.outage else Absence.NOT_RECORDED


def fate(reason: str) -> Fate:
    """Of a call with this reason."""
    if not reason:
        return Fate.PRESENT
    if reason == Absence.UNEXPLAINED:
        return Fate.UNEXPLAINED
    if reason in _EXCUSED:
        return Fate.EXCUSED
    return Fate.DELAYED if reason in _DELAYED else Fate.LOST
