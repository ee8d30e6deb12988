"""The shapes in which the API tells calls."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from callcenter.api import Answer
from callcenter.call import OutcomeState, Result, Role, State
from callcenter.card import Match
from callcenter.crm.card_views import CustomerBrief
from callcenter.crm.consent_views import NoticeAnswer, WishAnswer
from callcenter.crm.pause_views import PauseAnswer
from callcenter.events import Direction, OfferResult, QueueResult, Via


class CandidateAnswer(Answer):
    customer: CustomerBrief
    match: Match
    reason: str


class QueueVisitAnswer(Answer):
    queue: str
    label: str
    joined_at: datetime
    left_at: datetime | None
    result: QueueResult | None


class OfferAnswer(Answer):
    device: str
    offered_at: datetime
    ended_at: datetime | None
    result: OfferResult | None


class AgentAnswer(Answer):
    id: UUID
    username: str
    display_name: str
    extension: str


class SegmentAnswer(Answer):
    """``outcome`` is a code, ``outcome_extras`` those beside it; ``outcome_comment`` holds the reason where the outcome
    was waived. Of one that a rule gave (``automatic``) or let go (``waived``) ``outcome_by`` is null. ``handed_to``:
    the extension or device to which the agent passed the customer on, "" where the PBX told of none."""

    id: UUID
    agent: AgentAnswer | None
    device: str
    role: Role
    via: Via
    queue: str
    offers: list[OfferAnswer]
    answered_at: datetime | None
    ended_at: datetime | None
    talk_s: float
    hold_s: float
    handed_to: str
    outcome_state: OutcomeState
    outcome: str | None
    outcome_extras: list[str]
    outcome_comment: str
    outcome_by: UUID | None
    outcome_at: datetime | None


class RecordingAnswer(Answer):
    id: UUID
    duration_s: float
    channels: int
    sha256: str
    transcript_state: Literal["none", "waiting", "done", "failed"] = "none"
    state: str
    error: str = ""


class GapAnswer(Answer):
    """A stretch in which the PBX could not be heard."""

    model_config = ConfigDict(from_attributes=True, serialize_by_alias=True, populate_by_name=True)
    from_: datetime = Field(alias="from")
    to: datetime
    cause: str
    filled_from: str


class CallAnswer(Answer):
    """``test``: made by the doctor, no customer was on the line, and no figure counts it. ``unrecorded``, of a call
    that is asked for alone: why it has no sound though somebody talked in it. ``end_unseen``: nobody heard it end, nor
    did the PBX write it down; ``ended_at`` is the last moment in which it surely went on."""

    id: UUID
    pbx: str
    uniqueid: str
    test: bool
    direction: Direction
    state: State
    result: Result | None
    number: str
    number_raw: str
    number_display: str
    withheld: bool
    name: str
    customer: CustomerBrief | None
    candidates: list[CandidateAnswer]
    did: str
    did_label: str
    queues: list[QueueVisitAnswer]
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    end_unseen: bool
    segments: list[SegmentAnswer]
    recordings: list[RecordingAnswer]
    notices: list[NoticeAnswer]
    gaps: list[GapAnswer]
    pauses: list[PauseAnswer]
    wishes: list[WishAnswer]
    unrecorded: str = ""
