"""The doctor as a resource: what is wrong with a PBX, and the lines that mend it."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from callcenter.api import ROOT, Answer, View
from callcenter.crm.access import require
from callcenter.crm.rights import Verb
from callcenter.routing.api_pbx import known_pbx
from callcenter.routing.doctor.findings import CheckGroup, CheckState, Severity
from callcenter.routing.keys import DOCTOR


class RemedyAnswer(Answer):
    """``lines`` go to the end of ``file``, then ``commands`` are typed into a shell of the PBX; all three may be empty.
    ``advice`` says what cannot be pasted."""

    file: str
    lines: list[str]
    commands: list[str]
    advice: str


class FindingAnswer(Answer):
    """``code`` is stable, ``values`` fill the browser's own words for it; ``thing``, ``what`` and ``why`` say the same
    in English."""

    code: str
    severity: Severity
    thing: str
    what: str
    why: str
    values: dict[str, str]
    remedy: RemedyAnswer


class UnseenAnswer(Answer):
    """``code``: no_link, permission, no_answer, not_supported, not_found, database; ``remedy`` makes it visible."""

    code: str
    thing: str
    why: str
    remedy: RemedyAnswer


class CheckAnswer(Answer):
    """``state`` wrong: some finding is more than a note."""

    code: str
    group: CheckGroup
    state: CheckState
    findings: list[FindingAnswer]
    unseen: list[UnseenAnswer]


class DoctorAnswer(Answer):
    """``linked``: the PBX let us in; ``version`` is Asterisk's, "" unknown."""

    pbx: str
    at: datetime
    linked: bool
    version: str
    state: CheckState
    checks: list[CheckAnswer]


class DoctorView(View):
    async def get(self, name: str, /) -> DoctorAnswer:
        """Looks at the PBX now, through a connection of its own. Changes nothing; takes seconds."""
        require(self.request, Verb.EDIT_PBX)
        known_pbx(self.request, name)
        return DoctorAnswer.model_validate(await self.request.app[DOCTOR].examine(name))


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/pbx/{{name}}/doctor", DoctorView)
