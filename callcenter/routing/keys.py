"""The parts that routes of this package ask."""

from __future__ import annotations

from aiohttp import web

from callcenter.routing.gate import Gate
from callcenter.routing.survey import Survey

GATE: web.AppKey[Gate] = web.AppKey("gate", Gate)
SURVEY: web.AppKey[Survey] = web.AppKey("survey", Survey)
