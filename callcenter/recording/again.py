"""What is kept already, looked through once more after people decided to hide more: words, and with them the sound.

A job of small steps, each in a transaction of its own that also puts the next one in line: it goes on where it was cut
off. What was hidden stays hidden; only hearing a recording anew brings words back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.clock import Clock
from callcenter.crm import calls, hiding, hiding_policy, notes, passages, policy_row, sounds
from callcenter.crm.models.base import Row
from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.models.cards import NoteRow
from callcenter.crm.models.listening import CommentRow
from callcenter.crm.models.outcomes import OutcomeRow
from callcenter.crm.models.transcripts import Transcript, Utterance
from callcenter.db import Database
from callcenter.ids import new_id
from callcenter.recording import renditions
from callcenter.recording.hushed import discreet, silent
from callcenter.recording.transcribe import spoken_passage

KIND: Final = "hide_again"
KEY: Final = "hidden_again"
_AT_ONCE: Final = 50


class Progress(BaseModel):
    """How far the newest run is: it looked at so many things and changed so many. ``run`` tells it from older ones;
    ``step`` is the one that comes next, its part and after what: none is done twice (None: an older version's run)."""

    model_config = ConfigDict(frozen=True)
    run: UUID | None = None
    began_at: datetime | None = None
    finished_at: datetime | None = None
    looked: int = 0
    changed: int = 0
    step: tuple[int, str] | None = None


@dataclass(slots=True)
class _Step:
    """One batch: rows of one kind behind ``after``, looked at with these patterns."""

    patterns: list[Any]
    now: datetime
    changed: int = 0
    ids: list[UUID] = field(default_factory=list)


def begin(session: Session, now: datetime) -> Progress:
    """From the start, in place of a run that goes on."""
    progress = Progress(run=new_id(), began_at=now, step=(0, ""))
    policy_row.write(session, KEY, progress)
    jobs.enqueue(session, KIND, {"run": str(progress.run), "part": 0, "after": ""}, at=now)
    return progress


def progress(session: Session) -> Progress:
    return policy_row.read(session, KEY, Progress)


class Again:
    """The job."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def step(self, args: Mapping[str, Any]) -> None:
        await self._db.write(lambda s: self._step(s, args))

    def _step(self, session: Session, args: Mapping[str, Any]) -> None:
        policy_row.hold(session, KEY)
        so_far = progress(session)
        if str(so_far.run) != args["run"] or so_far.finished_at or so_far.step not in (None, _place(args)):
            return
        kind, look = _PARTS[args["part"]]
        wanted = select(kind).order_by(kind.id).limit(_AT_ONCE)
        rows = list(session.scalars(wanted.where(kind.id > UUID(args["after"])) if args["after"] else wanted))
        now = self._clock.now()
        step = _Step(patterns=hiding_policy.read(session).compiled(), now=now)
        for row in rows:
            step.changed += look(session, row, step)
        counted: dict[str, Any] = {"looked": so_far.looked + len(rows), "changed": so_far.changed + step.changed}
        part, after = (args["part"], str(rows[-1].id)) if len(rows) == _AT_ONCE else (args["part"] + 1, "")
        counted["step"] = (part, after)
        if part < len(_PARTS):
            jobs.enqueue(session, KIND, {"run": args["run"], "part": part, "after": after}, at=now)
        else:
            counted |= {"finished_at": now}
            passages.press(session)
        policy_row.write(session, KEY, so_far.model_copy(update=counted))


def _place(args: Mapping[str, Any]) -> tuple[int, str]:
    return args["part"], args["after"]


def _talk(session: Session, transcript: Row, step: _Step) -> bool:
    assert isinstance(transcript, Transcript)
    row = session.get_one(RecordingRow, transcript.recording_id)
    if row.state != "stored":
        return False
    said = list(session.scalars(select(Utterance).where(Utterance.recording_id == row.id).order_by(Utterance.seq)))
    speakers: dict[str, list[Utterance]] = defaultdict(list)
    for one in said:
        speakers[one.speaker].append(one)
    changed = [one for voice in speakers.values() for one in _hidden(voice, step)]
    session.flush()
    passages.put(session, [spoken_passage(row, one) for one in changed])
    voices = [[word for one in voice for word in one.words] for voice in speakers.values()]
    news = sounds.hush(session, row.id, silent(voices, row.duration_s))
    renditions.ask(session, row.id, step.now)
    return news or bool(changed)


def _hidden(voice: Sequence[Utterance], step: _Step) -> list[Utterance]:
    """Hides words of one speaker; the utterances that are other ones now."""
    found = discreet([one.words for one in voice], step.patterns)
    changed = [(one, words) for one, words in zip(voice, found, strict=True) if one.words != words]
    for one, words in changed:
        one.words, one.text = words, " ".join(str(word["text"]) for word in words)
    return [one for one, _ in changed]


def _note(session: Session, note: Row, step: _Step) -> bool:
    assert isinstance(note, NoteRow)
    words = hiding.written(note.text, step.patterns)
    if words == note.text:
        return False
    note.text, note.version = words, note.version + 1
    session.flush()
    notes.index(session, note)
    return True


def _outcome(session: Session, outcome: Row, step: _Step) -> bool:
    assert isinstance(outcome, OutcomeRow)
    words = hiding.written(outcome.comment, step.patterns)
    if words == outcome.comment:
        return False
    outcome.comment = words
    session.flush()
    calls.index_outcome(session, outcome.segment_id)
    return True


def _comment(session: Session, comment: Row, step: _Step) -> bool:
    assert isinstance(comment, CommentRow)
    words = hiding.written(comment.text, step.patterns)
    changed, comment.text = words != comment.text, words
    return changed


_PARTS: Final[Sequence[tuple[type[Row], Callable[[Session, Row, _Step], bool]]]] = (
    (Transcript, _talk),
    (NoteRow, _note),
    (OutcomeRow, _outcome),
    (CommentRow, _comment),
)
