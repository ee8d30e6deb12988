"""When a part that only grows slowly ill is ill, and what mends it. Pure: measures in, verdicts out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

LAG_S: Final = 2.0
SKEW_S: Final = 2.0
LEAST_FREE_BYTES: Final = 2 * 1024**3
LEAST_FREE_SHARE: Final = 0.05
LATE_RECORDINGS: Final = timedelta(minutes=10)
LATE_SPEECH: Final = timedelta(hours=2)
OLD_BACKUP: Final = timedelta(hours=26)
OLD_TALLY: Final = timedelta(hours=26)
RECENT: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Of one part. ``code`` "": it is well. ``off``: nobody set it up, which is no fault. ``figures`` are what was
    measured, in seconds, bytes or pieces as their names say."""

    name: str
    code: str = ""
    remedy: str = ""
    off: bool = False
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The events of a PBX. ``broken_at``: when one was last put aside because it could not be read; ``lost_at``: when
    some were last found missing, ``lost`` contradictions so far. ``skew_s``: how far its clock is behind ours."""

    pbx: str
    lag_s: float
    broken: int
    broken_at: datetime | None
    skew_s: float = 0.0
    longest_lag_s: float = 0.0
    lost: int = 0
    lost_at: datetime | None = None
    links_lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The file system under a place, named after what is kept there."""

    place: str
    path: str
    free: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Work that waits, since when the oldest does, and how long it takes where that is known."""

    waiting: int
    oldest: datetime | None
    ready_in_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Answered calls against recordings, as last counted: by what they have."""

    at: datetime
    calls: Mapping[str, int]
    strays: int


def apart(ages: Sequence[float]) -> tuple[float, float]:
    """How late the newest event is, and how far the clocks are apart, from its age at the last looks (seconds).

    What is always there is a clock that is set wrong; what comes on top of it is lag: a queue that grows is empty now
    and then.
    """
    skew = min(ages)
    return ages[-1] - skew, skew


def stream(found: Stream, now: datetime) -> Verdict:
    code, remedy = _heard(found, now)
    figures = {
        "lag_s": round(found.lag_s, 1),
        "longest_lag_s": round(found.longest_lag_s, 1),
        "skew_s": round(found.skew_s, 1),
        "lost": float(found.lost),
        "broken": float(found.broken),
        "links_lost": float(found.links_lost),
    }
    return Verdict(name=f"events:{found.pbx}", code=code, remedy=remedy, figures=figures)


def _heard(found: Stream, now: datetime) -> tuple[str, str]:
    if found.lag_s > LAG_S:
        return "events_late", (
            "events of the PBX come late: look at the load of this machine and of the PBX (top), at their clocks "
            "(timedatectl), whether the database answers, and whether the event filter of asterisk-conf/manager.conf "
            "is in place"
        )
    if found.lost_at is not None and now - found.lost_at < RECENT:
        return "events_lost", (
            "the PBX lists other channels than it told of; calls have been made equal to its list. Events are lost "
            "where a filter holds them back (callcenter doctor says which and gives the lines) or where Asterisk is "
            "overloaded: asterisk -rx 'core show taskprocessors'"
        )
    if found.broken_at is not None and now - found.broken_at < RECENT:
        return "events_broken", (
            "the PBX told something that could not be read, as callers with control characters in their names make it "
            "do; calls are compared with the PBX's own list, so none is lost. callcenter.conf filters such names: "
            "see that the trunks' calls pass callcenter-call"
        )
    if abs(found.skew_s) > SKEW_S:
        return "clock_skewed", (
            f"the PBX's clock is {abs(found.skew_s):.0f} s {'behind' if found.skew_s > 0 else 'before'} ours: "
            "timedatectl set-ntp true on both, then: timedatectl timesync-status"
        )
    return "", ""


def disk(found: Disk) -> Verdict:
    figures = {"free_bytes": float(found.free), "size_bytes": float(found.size)}
    name = f"disk:{found.place}"
    if found.free >= LEAST_FREE_BYTES or found.free >= LEAST_FREE_SHARE * found.size:
        return Verdict(name=name, figures=figures)
    remedy = (
        f"less than 5 % and 2 GB are free under {found.path}: shorten how long recordings are kept (page Recording and "
        f"privacy), or make room; what takes it: du -xh --max-depth=1 {found.path} | sort -h"
    )
    return Verdict(name=name, code="disk_almost_full", remedy=remedy, figures=figures)


def packing(ffmpeg: str | None) -> Verdict:
    """Whether recordings are packed: a choice of whoever runs the machine, no fault."""
    if ffmpeg:
        return Verdict(name="packing")
    remedy = "recordings stay WAV files, ten times as large as they need be: apt-get install ffmpeg"
    return Verdict(name="packing", code="ffmpeg_missing", remedy=remedy, off=True)


def spool(name: str, path: str, wrong: str) -> Verdict:
    """``name``: ``spool``, or ``spool:<PBX>``. ``path`` "": none is set; ``wrong``: why it cannot be read, "" where it
    can."""
    if not path:
        pbx = name.partition(":")[2].upper()
        setting = f"CALLCENTER_PBX__{pbx}__SPOOL" if pbx else "CALLCENTER_RECORDINGS__SPOOL"
        remedy = f"to keep recordings, set {setting} to where this machine sees the PBX's monitor folder"
        return Verdict(name=name, code="spool_not_set", remedy=remedy, off=True)
    if wrong:
        remedy = f"the recordings folder {path} cannot be read: {wrong}; mount it, and let this user read it"
        return Verdict(name=name, code="spool_unreadable", remedy=remedy)
    return Verdict(name=name)


def backlog(name: str, found: Backlog, now: datetime, *, lack: str = "") -> Verdict:
    """``name`` is ``recording_backlog`` or ``speech_backlog``; ``lack``: what to do that somebody listens at all."""
    age = (now - found.oldest).total_seconds() if found.oldest else 0.0
    figures = {"waiting": float(found.waiting), "oldest_s": max(0.0, age)}
    if found.waiting and found.ready_in_s is not None:
        figures["ready_in_s"] = found.ready_in_s
    if lack:
        return Verdict(name=name, code="speech_off", remedy=lack, off=True, figures=figures)
    late = LATE_SPEECH if name == "speech_backlog" else LATE_RECORDINGS
    if age <= late.total_seconds():
        return Verdict(name=name, figures=figures)
    remedy = {
        "recording_backlog": (
            "recordings of ended calls wait to be stored: see the parts spool and disk, and each one's reason on the "
            "page of its call"
        ),
        "speech_backlog": (
            "more is talked than can be written down in time: give the machine more cores, take a smaller speech "
            "model, or let the night catch up"
        ),
    }[name]
    return Verdict(name=name, code=f"{name}_late", remedy=remedy, figures=figures)


def tally(found: Counted | None, now: datetime) -> Verdict:
    """None: not counted yet, which is no fault."""
    if found is None:
        return Verdict(name="tally")
    answered = sum(found.calls.values())
    unexplained, lost = found.calls.get("unexplained", 0), found.calls.get("lost", 0)
    figures = {"answered": float(answered), "recordings_lost": float(lost), "strays": float(found.strays)}
    figures["explained_percent"] = round(100 * (1 - unexplained / answered), 2) if answered else 100.0
    code, remedy = "", ""
    if unexplained:
        code = "recordings_unexplained"
        remedy = (
            f"{unexplained} answered calls have neither a recording nor a reason: see the page Missing recordings; "
            "journalctl -u callcenter --since -1d | grep -E 'job_failed|part_ill'"
        )
    elif lost:
        code = "recordings_lost"
        remedy = f"{lost} answered calls lost their recording: each one's reason is on the page Missing recordings"
    elif now - found.at > OLD_TALLY:
        code = "tally_old"
        remedy = "recordings were not counted last night: journalctl -u callcenter --since -1d | grep tally"
    return Verdict(name="tally", code=code, remedy=remedy, figures=figures)


def backups(folder: str, newest: datetime | None, now: datetime) -> Verdict:
    """``folder`` "": nobody said where they are."""
    if not folder:
        remedy = (
            "set CALLCENTER_BACKUPS__FOLDER to where back-ups go, so that their age is watched; make them with "
            "deploy/callcenter-backup.timer or: callcenter backup FOLDER"
        )
        return Verdict(name="backups", code="backups_not_watched", remedy=remedy, off=True)
    remedy = (
        "systemctl status callcenter-backup.timer callcenter-backup.service; by hand: "
        f"callcenter backup {folder}/$(date -u +%Y-%m-%dT%H%M%SZ)"
    )
    if newest is None:
        return Verdict(name="backups", code="no_backup", remedy=remedy)
    age = (now - newest).total_seconds()
    figures = {"age_s": max(0.0, age)}
    if age > OLD_BACKUP.total_seconds():
        return Verdict(name="backups", code="backup_old", remedy=remedy, figures=figures)
    return Verdict(name="backups", figures=figures)


def failures(contained: Mapping[str, int], fresh: Iterable[str]) -> Verdict:
    """Failures that were kept from the other parts: each is a bug. ``fresh``: the parts where one came lately."""
    figures = {"failures": float(sum(contained.values()))}
    if not (parts := sorted(fresh)):
        return Verdict(name="house", figures=figures)
    remedy = (
        f"something failed in {', '.join(parts)} and was kept from the rest; please report it with the lines of the "
        "log: journalctl -u callcenter --since -1h | grep -i error"
    )
    return Verdict(name="house", code="failures_contained", remedy=remedy, figures=figures)
