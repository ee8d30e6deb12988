"""What becomes of the recordings of a call: what the PBX tells of them, and what people want."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from callcenter.of_call import OfCall


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted(OfCall):
    """MixMonitor writes to ``path`` (absolute, in the PBX's own file system)."""

    path: str


class NoticeResult(StrEnum):
    """What became of an announcement: heard to its end, not there, or cut short by the key that declines."""

    PLAYED = "played"
    FAILED = "failed"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced(OfCall):
    """The PBX told the caller that he is recorded. ``notice`` is the id of the text's version."""

    notice: UUID
    result: NoticeResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined(OfCall):
    """The caller pressed the key by which he declines to be recorded."""


class PauseEnd(StrEnum):
    """Who or what ended a pause of the recordings. ``FAILED``: the PBX never began it."""

    AGENT = "agent"
    TIME = "time"
    CALL = "call"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPaused(OfCall):
    """The agent asked that nothing of what is said now be heard in any recording, until ``until`` at the latest."""

    by: UUID
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingWentOn(OfCall):
    """The recordings have sound again."""

    how: PauseEnd


class Wish(StrEnum):
    """What somebody wants of the recording of his talk."""

    START = "start"
    STOP = "stop"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingWished(OfCall):
    """An agent started or stopped the recording of his talk, or said that the customer declines. ``file`` is the name
    of what is started."""

    wish: Wish
    by: UUID
    file: str = ""
