"""Scorecard forms: decided by administrators, read by those who fill them in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, View, creates, etag, expect
from callcenter.crm import audit, once
from callcenter.crm.access import require
from callcenter.crm.models.scores import ScoreForm, ScoreFormVersion
from callcenter.crm.rights import Verb
from callcenter.scoring import forms
from callcenter.scoring.forms import FormBody, ScoreSection


class FormAnswer(Answer):
    """``number``: of the version in use, decided ``at``. ``used``: how often any version was filled in."""

    id: UUID
    name: str
    active: bool
    number: int
    at: datetime
    used: int
    sections: list[ScoreSection]
    version: int


class FormList(Answer):
    items: list[FormAnswer]


class FormsView(View):
    async def get(self) -> FormList:
        """All, retired ones too."""
        require(self.request, Verb.EVALUATE)
        rows = await self.request.app[DB].read(forms.every)
        return FormList(items=[_told(*row) for row in rows])

    @creates
    async def post(self, body: FormBody) -> FormAnswer:
        """A new form."""
        app, who = self.request.app, require(self.request, Verb.EDIT_SCORECARDS)
        now = app[CLOCK].now()

        def make(session: Session) -> UUID:
            made = forms.create(session, body, who.id, now)
            audit.record(session, who, "create", ("score_form", str(made)), now)
            return made

        made, _ = await once.create(self.request, "score_form", make)
        return _tagged(self, _told(*await app[DB].read(lambda s: forms.get(s, made))))


class FormView(View):
    async def get(self, form_id: UUID, /) -> FormAnswer:
        """The version in use."""
        require(self.request, Verb.EVALUATE)
        return _tagged(self, _told(*await self.request.app[DB].read(lambda s: forms.get(s, form_id))))

    async def put(self, form_id: UUID, /, body: FormBody) -> FormAnswer:
        """Changes it: what is evaluated from now on is asked this. What was evaluated before keeps its questions."""
        app, who = self.request.app, require(self.request, Verb.EDIT_SCORECARDS)
        now = app[CLOCK].now()

        def change(session: Session) -> FormAnswer:
            form, _, _ = forms.get(session, form_id)
            session.refresh(form, with_for_update=True)
            expect(self.request, form.version)
            forms.change(session, form, body, who.id, now)
            audit.record(session, who, "change", ("score_form", str(form_id)), now, number=form.number)
            return _told(*forms.get(session, form_id))

        return _tagged(self, await app[DB].write(change))


def _told(form: ScoreForm, version: ScoreFormVersion, used: int) -> FormAnswer:
    same = {name: getattr(form, name) for name in ("id", "name", "active", "number", "version")}
    return FormAnswer(**same, at=version.at, used=used, sections=forms.sections(version))


def _tagged(view: View, found: FormAnswer) -> FormAnswer:
    view.answer_header("ETag", etag(found.version))
    return found


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/score-forms", FormsView)
    app.router.add_view(f"{ROOT}/score-forms/{{form_id}}", FormView)
