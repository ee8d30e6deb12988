"""What was said in a recording, for whoever may listen to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.api import CLOCK, DB, ROOT, SETTINGS, Answer, View
from callcenter.call import Role
from callcenter.crm import audit
from callcenter.crm.access import actor, require
from callcenter.crm.models.calls import RecordingRow, SegmentRow
from callcenter.crm.models.people import User
from callcenter.crm.models.transcripts import Transcript, Utterance
from callcenter.crm.rights import Verb
from callcenter.crm.upsert import upsert
from callcenter.errors import Refused
from callcenter.recording import waiting
from callcenter.recording.api import readable
from callcenter.recording.captured import LISTEN
from callcenter.recording.spoken import Part, agent_at


class WordAnswer(Answer):
    """``confidence`` is the engine's own, from 0 to 1."""

    text: str
    start_s: float
    end_s: float
    confidence: float


class UtteranceAnswer(Answer):
    """Seconds count from the beginning of the recording. ``speaker`` both: the PBX recorded the sides mixed; ``agent``:
    which one spoke, by who had the customer then, "" where the customer did or nobody knows."""

    speaker: Literal["customer", "agent", "both"]
    agent: str = ""
    start_s: float
    end_s: float
    text: str
    confidence: float
    words: list[WordAnswer]


class TranscriptAnswer(Answer):
    """``state`` none: nobody listens here, or not yet; off: nobody is to listen to talks of that queue. ``error`` says
    why it failed; ``ready_in_s``: until it is there, at the pace of the last ones, where it waits and that is known."""

    recording_id: UUID
    state: Literal["none", "waiting", "done", "failed", "off"]
    model: str
    error: str
    at: datetime | None
    ready_in_s: float | None
    utterances: list[UtteranceAnswer]


class TranscriptView(View):
    async def get(self, recording_id: UUID, /) -> TranscriptAnswer:
        """What was said, in order. Reading it is noted like listening."""
        row = await readable(self.request, recording_id)
        processes = self.request.app[SETTINGS].speech.processes
        who, now = actor(self.request), self.request.app[CLOCK].now()
        found = await self.request.app[DB].read(lambda s: _answer(s, recording_id, processes))
        if row.state != "stored":
            return found.model_copy(update={"state": "none", "utterances": []})
        if found.utterances:
            thing = ("recording", str(recording_id))
            await self.request.app[DB].write(lambda s: audit.record(s, who, "read_transcript", thing, now))
        return found


class HearAgainView(View):
    async def post(self, recording_id: UUID, /) -> TranscriptAnswer:
        """Has the recording heard anew, by the model of today. What was said stays until then, and is not told here."""
        who, app = require(self.request, Verb.EXPORT), self.request.app
        row = await readable(self.request, recording_id)
        if row.state != "stored":
            raise Refused(f"the recording is {row.state}", code=f"recording_{row.state}")
        now = app[CLOCK].now()

        def write(session: Session) -> None:
            upsert(session, Transcript, {"recording_id": row.id}, {"at": now, "state": "waiting", "attempts": 0})
            jobs.enqueue(session, LISTEN, {"recording": str(row.id)}, at=now)
            audit.record(session, who, "transcribe", ("recording", str(row.id)), now)

        await app[DB].write(write)
        found = await app[DB].read(lambda s: _answer(s, recording_id, app[SETTINGS].speech.processes))
        return found.model_copy(update={"utterances": []})


def _answer(session: Session, recording: UUID, processes: int) -> TranscriptAnswer:
    row = session.scalar(select(Transcript).where(Transcript.recording_id == recording))
    ready = waiting.ready_in(session, recording, processes) if row is None or row.state == "waiting" else None
    said = session.scalars(select(Utterance).where(Utterance.recording_id == recording).order_by(Utterance.seq))
    return TranscriptAnswer.model_validate(
        {
            "recording_id": recording,
            "state": row.state if row else "none" if ready is None else "waiting",
            "model": row.model if row else "",
            "error": row.error if row else "",
            "at": row.at if row else None,
            "ready_in_s": ready,
            "utterances": _credited(session, recording, list(said)),
        }
    )


def _credited(session: Session, recording: UUID, said: Sequence[Utterance]) -> list[UtteranceAnswer]:
    """The words with the agent who said them: after a transfer it is another one on the same side. Who was only asked
    meanwhile is not heard by the customer."""
    row = session.get_one(RecordingRow, recording)
    parts = session.execute(
        select(User.display_name, SegmentRow.answered_at, SegmentRow.ended_at)
        .join(User, User.id == SegmentRow.agent_id)
        .where(SegmentRow.call_id == row.call_id, SegmentRow.role == Role.OWNER.value)
    )
    talks = [Part(agent=name, answered_at=began, ended_at=ended) for name, began, ended in parts if began]
    found = [UtteranceAnswer.model_validate(one) for one in said]
    return [
        one.model_copy(update={"agent": agent_at(talks, row.started_at + timedelta(seconds=one.start_s))})
        if one.speaker == "agent"
        else one
        for one in found
    ]


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/recordings/{{recording_id}}/transcript", TranscriptView)
    app.router.add_view(f"{ROOT}/recordings/{{recording_id}}/transcript/again", HearAgainView)
