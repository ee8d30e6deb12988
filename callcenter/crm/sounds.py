"""Which bytes are played of a recording. Nothing else may be asked: what must be silent is silent in these alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.crm import hiding_policy
from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.models.listening import RenditionRow
from callcenter.crm.models.transcripts import Transcript
from callcenter.errors import Refused

Spans: TypeAlias = Sequence[Sequence[float]]
DROP: Final = "drop_sounds"
SUFFIXES: Final = {"audio/wav": "wav", "audio/webm": "webm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Bytes in the store that never change under their ``key``."""

    key: str
    media_type: str
    size: int
    sha256: str

    @property
    def version(self) -> str:
        """Names exactly these bytes."""
        return self.sha256[:16]

    @property
    def suffix(self) -> str:
        return SUFFIXES.get(self.media_type, "bin")


def played(session: Session, row: RecordingRow) -> Sound:
    """What may be heard of a recording. Raises Refused, whose code says why nothing may be."""
    if row.state != "stored":
        raise Refused(f"the recording is {row.state}", code=f"recording_{row.state}")
    if hiding_policy.read(session).unheard == "wait" and not heard(session, row.id):
        raise Refused("nobody knows yet what is said in it", code="recording_unheard")
    made = rendition(session, row.id)
    if made and made.silent == row.silent:
        return _sound(made)
    if row.silent:
        raise Refused("what nobody may hear is being taken out of it", code="recording_muting")
    return _sound(row)


def rendition(session: Session, recording: UUID) -> RenditionRow | None:
    return session.scalar(select(RenditionRow).where(RenditionRow.recording_id == recording))


def heard(session: Session, recording: UUID) -> bool:
    """Whether an engine is done with it, or people decided that none hears it."""
    done = select(Transcript.id).where(Transcript.recording_id == recording, Transcript.state.in_(("done", "off")))
    return session.scalar(done) is not None


def keys(session: Session, rows: Iterable[RecordingRow]) -> list[str]:
    """Everything that lies in the store of these recordings."""
    recordings = list(rows)
    made = select(RenditionRow.store_key).where(RenditionRow.recording_id.in_([row.id for row in recordings]))
    return sorted({row.store_key for row in recordings if row.store_key} | set(session.scalars(made)))


def drop(session: Session, sounds: Iterable[str], at: datetime) -> None:
    """Has those of these keys removed from the store, then, that nothing names any more."""
    if wanted := sorted(set(sounds) - {""}):
        jobs.enqueue(session, DROP, {"keys": wanted}, at=at)


def unnamed(session: Session, sounds: Iterable[str]) -> list[str]:
    """Those keys that no recording and no rendition names."""
    named: set[str] = set()
    for kind in (RecordingRow, RenditionRow):
        named |= set(session.scalars(select(kind.store_key).where(kind.store_key.in_(sounds))))
    return [key for key in sounds if key not in named]


def hush(session: Session, recording: UUID, spans: Spans) -> bool:
    """Nobody may hear these stretches from now on; whether that is news. Where the file that was recorded is gone,
    what was silent stays silent."""
    row, made = session.get_one(RecordingRow, recording, with_for_update=True), rendition(session, recording)
    gone = row.silent if made and made.store_key == row.store_key else []
    wanted = joined([*spans, *gone])
    if row.silent == wanted:
        return False
    row.silent = wanted
    return True


def joined(spans: Iterable[Sequence[float]]) -> list[list[float]]:
    """In order and without overlaps, to a hundredth of a second."""
    found: list[list[float]] = []
    for start, end in sorted((round(a, 2), round(b, 2)) for a, b in spans):
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        elif start < end:
            found.append([start, end])
    return found


def _sound(row: RecordingRow | RenditionRow) -> Sound:
    return Sound(key=row.store_key, media_type=row.media_type, size=row.size, sha256=row.sha256)
