"""Talks that may be proposed: with a customer, recorded, not scored yet, and as a rule wants them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from callcenter.call import Role
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.outcomes import OutcomeCode, OutcomeRow
from callcenter.crm.models.scores import Evaluation, Sample, SamplingRule
from callcenter.crm.models.transcripts import Utterance
from callcenter.rehearsal import MARK
from callcenter.scoring import rules
from callcenter.scoring.draw import Stretch
from callcenter.scoring.rules import SamplingConditions

UNSURE: Final = 0.7
"""A transcript whose words are on average less sure than this is not to be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """``recordings``: those that hold something of the talk."""

    segment: UUID
    call: UUID
    recordings: tuple[UUID, ...]


def of_agent(session: Session, rule: SamplingRule, agent: UUID, week: Stretch) -> list[Candidate]:
    """An agent's talks that began in the week, as far as rows tell; ``said`` knows the rest."""
    wanted = (
        select(SegmentRow.id, SegmentRow.call_id, SegmentRow.answered_at, SegmentRow.ended_at)
        .join(CallRow, CallRow.id == SegmentRow.call_id)
        .where(
            SegmentRow.agent_id == agent,
            SegmentRow.answered_at >= week.start,
            SegmentRow.answered_at < week.end,
            SegmentRow.ended_at.is_not(None),
            SegmentRow.role == Role.OWNER,
            CallRow.uniqueid.not_like(f"{MARK}%"),
            *_conditions(rules.conditions(rule)),
            *_free(rule.form_id),
        )
    )
    talks = [(segment, call, Stretch(start=a, end=b)) for segment, call, a, b in session.execute(wanted) if a and b]
    sounds = _sounds(session, {call for _, call, _ in talks})
    found = [
        Candidate(
            segment=segment,
            call=call,
            recordings=tuple(one for one, held in sounds.get(call, ()) if held.overlaps(talk)),
        )
        for segment, call, talk in talks
    ]
    return [one for one in found if one.recordings]


def said(session: Session, wanted: SamplingConditions, recordings: Sequence[UUID]) -> bool:
    """Whether the transcript is as the rule wants it."""
    if wanted.words and not _said(session, wanted.words.casefold(), recordings):
        return False
    if not wanted.unsure:
        return True
    sure = session.scalar(select(func.avg(Utterance.confidence)).where(Utterance.recording_id.in_(recordings)))
    return sure is not None and sure < UNSURE


def still_free(session: Session, form: UUID, segment: UUID) -> bool:
    """Whether nobody has scored it, and nobody was asked to."""
    return session.scalar(select(SegmentRow.id).where(SegmentRow.id == segment, *_free(form))) is not None


def recorded() -> ColumnElement[bool]:
    """As a condition on samples: something of their call can still be heard."""
    same = select(RecordingRow.id).where(RecordingRow.call_id == Sample.call_id, RecordingRow.state == "stored")
    return same.exists()


def _said(session: Session, words: str, recordings: Sequence[UUID]) -> bool:
    """In Python, as SQLite folds only ASCII."""
    texts = session.scalars(select(Utterance.text).where(Utterance.recording_id.in_(recordings)))
    return any(words in text.casefold() for text in texts)


def _sounds(session: Session, calls: Iterable[UUID]) -> dict[UUID, list[tuple[UUID, Stretch]]]:
    found: dict[UUID, list[tuple[UUID, Stretch]]] = {}
    rows = select(RecordingRow.call_id, RecordingRow.id, RecordingRow.started_at, RecordingRow.duration_s).where(
        RecordingRow.call_id.in_(calls), RecordingRow.state == "stored"
    )
    for call, recording, began, seconds in session.execute(rows):
        found.setdefault(call, []).append((recording, _held(began, seconds)))
    return found


def _held(began: datetime, seconds: float) -> Stretch:
    return Stretch(start=began, end=began + timedelta(seconds=seconds))


def _free(form: UUID) -> tuple[ColumnElement[bool], ...]:
    scored = select(Evaluation.id).where(Evaluation.form_id == form, Evaluation.segment_id == SegmentRow.id)
    asked = select(Sample.id).where(Sample.form_id == form, Sample.segment_id == SegmentRow.id)
    return ~scored.exists(), ~asked.exists()


def _conditions(wanted: SamplingConditions) -> list[ColumnElement[bool]]:
    same = (
        (CallRow.pbx, wanted.pbx),
        (SegmentRow.queue, wanted.queue),
        (CallRow.direction, wanted.direction),
    )
    found = [column == value for column, value in same if value]
    found.append(SegmentRow.talk_s >= wanted.min_talk_s)
    if wanted.max_talk_s is not None:
        found.append(SegmentRow.talk_s <= wanted.max_talk_s)
    if wanted.outcome:
        code = select(OutcomeRow.id).join(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id)
        found.append(code.where(OutcomeRow.segment_id == SegmentRow.id, OutcomeCode.code == wanted.outcome).exists())
    return found
