"""How every part of the house is, for whoever has to mend it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from aiohttp import web
from sqlalchemy import text

from callcenter.api import CLOCK, DB, HEALTH, ROOT, Answer, View
from callcenter.crm.access import require
from callcenter.crm.rights import Verb
from callcenter.errors import Unavailable
from callcenter.health import Part
from callcenter.vitals.judge import Verdict
from callcenter.vitals.watch import Vitals

VITALS: web.AppKey[Vitals] = web.AppKey("vitals", Vitals)


class PartState(StrEnum):
    """``starting``: not well yet, which is no fault so far. ``off``: nobody set it up."""

    ILL = "ill"
    STARTING = "starting"
    OFF = "off"
    OK = "ok"


class PartAnswer(Answer):
    """``name`` is a kind, or ``kind:which``. ``code`` is stable and translated by the browser, ``remedy`` are lines to
    paste. ``figures`` as their names say: ``_s`` seconds, ``_bytes`` bytes, else pieces. ``since`` null: nobody set it
    up."""

    name: str
    state: PartState
    since: datetime | None
    code: str
    remedy: str
    figures: dict[str, float]


class HouseAnswer(Answer):
    """The worst first. ``ill``: how many are."""

    at: datetime
    ill: int
    parts: list[PartAnswer]


class StatusView(View):
    async def get(self) -> HouseAnswer:
        """Every part of the house: its state, since when, and what to do."""
        require(self.request, Verb.SEE_FLOOR)
        app = self.request.app
        try:
            await app[DB].read(lambda s: s.execute(text("SELECT 1")))
        except Unavailable as wrong:
            await app[HEALTH].ill("database", wrong.code, str(wrong))
        parts, measured = app[HEALTH].parts, app[VITALS].measured
        names = {*parts, *(name for name, verdict in measured.items() if verdict.off)}
        told = sorted((_part(n, parts.get(n), measured.get(n)) for n in names), key=_worst_first)
        ill = sum(part.state is PartState.ILL for part in told)
        return HouseAnswer(at=app[CLOCK].now(), ill=ill, parts=told)


def _part(name: str, part: Part | None, measured: Verdict | None) -> PartAnswer:
    figures = dict(measured.figures) if measured else {}
    if part is None:
        code, remedy = (measured.code, measured.remedy) if measured else ("", "")
        return PartAnswer(name=name, state=PartState.OFF, since=None, code=code, remedy=remedy, figures=figures)
    state = PartState.OK if part.ok else PartState.STARTING if part.code == "connecting" else PartState.ILL
    return PartAnswer(name=name, state=state, since=part.since, code=part.code, remedy=part.remedy, figures=figures)


def _worst_first(part: PartAnswer) -> tuple[int, str]:
    return list(PartState).index(part.state), part.name


def provide(app: web.Application, vitals: Vitals) -> None:
    """Hands the routes whom they ask."""
    app[VITALS] = vitals


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/status", StatusView)
