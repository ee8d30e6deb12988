"""A call center that listens to its talks: Anna talks, Sofia evaluates, an administrator decides the form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.ids import new_id
from tests.crm.office import Answer, Caller, Office, talked

SECTIONS: list[dict[str, Any]] = [
    {
        "title": "Opening",
        "questions": [
            {"kind": "yes_no", "text": "Greeted by name", "weight": 1},
            {"kind": "scale", "text": "Tone", "weight": 2, "most": 5, "may_not_apply": True},
        ],
    },
    {
        "title": "Law",
        "questions": [
            {"kind": "yes_no", "text": "Said that we record", "weight": 1, "critical": True},
            {"kind": "text", "text": "What would you have said?"},
        ],
    },
]
FORM = {"name": "Service", "sections": SECTIONS}


@dataclass
class Quality:
    """``form`` as the API told it; ``segment`` is Anna's talk, 8 s into a call with a recording."""

    office: Office
    anna: Caller
    sofia: Caller
    admin: Caller
    form: dict[str, Any]
    segment: str

    @classmethod
    async def opened(cls, office: Office) -> Quality:
        anna = await office.signed_in("anna", extension="101")
        sofia = await office.signed_in("sofia", "supervisor")
        admin = await office.signed_in("admin", "admin")
        form = await admin.post("/score-forms", FORM)
        assert form.status == 201, form.text
        await office.happens(talked("101"))
        segment = await office.db.write(_recorded)
        return cls(office=office, anna=anna, sofia=sofia, admin=admin, form=form.body, segment=segment)

    @property
    def questions(self) -> list[str]:
        """Ids in order: greeted, tone, said that we record, words."""
        return [one["id"] for section in self.form["sections"] for one in section["questions"]]

    def filled(self, greeted: int | None = 1, tone: int | None = 4, told: int | None = 1) -> dict[str, Any]:
        greeting, voice, law, words = self.questions
        return {
            "summary": "Well done",
            "answers": [
                {"question_id": greeting, "given": greeted, "comment": "Said Mario", "at_s": 3.5},
                {"question_id": voice, "given": tone, "does_not_apply": tone is None},
                {"question_id": law, "given": told},
                {"question_id": words, "words": "Nothing else"},
            ],
        }

    async def begin(self, who: Caller | None = None, **more: str) -> Answer:
        body = {"form_id": self.form["id"], "segment_id": self.segment, **more}
        return await (who or self.sofia).post("/evaluations", body)

    async def published(self, **given: int | None) -> dict[str, Any]:
        begun = (await self.begin()).body
        kept = await self.sofia.put(f"/evaluations/{begun['id']}", self.filled(**given))
        assert kept.status == 200, kept.text
        told = await self.sofia.post(f"/evaluations/{begun['id']}/publish")
        assert told.status == 200, told.text
        return dict(told.body)


def _recorded(session: Session) -> str:
    call = session.scalars(select(CallRow)).one()
    part = session.scalars(select(SegmentRow)).one()
    row = RecordingRow(id=new_id(), call_id=call.id, pbx="main", path="1.wav", state="stored")
    row.started_at, row.duration_s, row.store_key = call.started_at + timedelta(seconds=2), 60.0, "1.wav"
    session.add(row)
    return str(part.id)
