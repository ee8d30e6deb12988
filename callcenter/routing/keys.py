"""The parts that routes of this package ask."""

from __future__ import annotations

from aiohttp import web

from callcenter.routing.doctor.doctor import Doctor
from callcenter.routing.gate import Gate
from callcenter.routing.survey import Survey

DOCTOR: web.AppKey[Doctor] = web.AppKey("doctor", Doctor)
GATE: web.AppKey[Gate] = web.AppKey("gate", Gate)
SURVEY: web.AppKey[Survey] = web.AppKey("survey", Survey)
