"""The door of the service: API, websocket and pages, with the parts that each route works with."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from callcenter import api, pages
from callcenter.app import Parts
from callcenter.crm import access
from callcenter.crm.api_spec import document
from callcenter.crm.exchange import api_imports
from callcenter.crm.privacy import parts as privacy
from callcenter.crm.routes import add_routes as add_crm_routes
from callcenter.explaining import api as explaining_api
from callcenter.explaining.api import Journals
from callcenter.recording import parts as recording
from callcenter.recording.routes import add_routes as add_recording_routes
from callcenter.rehearsing import api as rehearsing_api
from callcenter.reporting import api as reporting_api
from callcenter.reviewing import parts as reviewing
from callcenter.routing import api as routing_api
from callcenter.routing import api_dial
from callcenter.routing.asking import api as asking_api
from callcenter.scoring.routes import add_routes as add_scoring_routes
from callcenter.screenpop import api as screenpop_api
from callcenter.supervision import parts as supervising
from callcenter.vitals import api as vitals_api

_BIG_UPLOAD: Final = 1024 * 1024


def website(parts: Parts) -> web.Application:
    """The door: API, websocket, pages."""
    app = web.Application(
        middlewares=[api.problems, api.own_pages_only, access.authenticate], client_max_size=_BIG_UPLOAD
    )
    app.on_response_prepare.append(api.safe_headers)
    app[api.SETTINGS], app[api.CLOCK] = parts.settings, parts.clock
    app[api.DB], app[api.BUS], app[api.HEALTH] = parts.db, parts.bus, parts.health
    app[api.TAKE] = parts.ledger.take
    add_all_routes(app)
    screenpop_api.provide(app, parts.hub)
    rehearsing_api.provide(app, parts.stage, parts.hub.reads)
    explaining_api.provide(app, Journals(folder=parts.links.journals, flush=parts.links.flush_journals))
    vitals_api.provide(app, parts.vitals)
    routing_api.provide(app, parts.gate, parts.survey, parts.doctor)
    asking_api.provide(app, parts.router)
    api_dial.provide(app, parts.dialler, parts.links.written)
    supervising.provide(app, parts.supervision)
    recording.provide(app, parts.recording, parts.ledger.live)
    privacy.provide(app, parts.law)
    api_imports.provide(app, parts.importer)
    return app


def add_all_routes(app: web.Application) -> None:
    """Every route; also what the OpenAPI document is made of."""
    api_dial.add_routes(app)
    supervising.add_routes(app)
    add_crm_routes(app)
    routing_api.add_routes(app)
    asking_api.add_routes(app)
    add_recording_routes(app)
    add_scoring_routes(app)
    reviewing.add_routes(app)
    screenpop_api.add_routes(app)
    rehearsing_api.add_routes(app)
    vitals_api.add_routes(app)
    explaining_api.add_routes(app)
    reporting_api.add_routes(app)
    pages.add_routes(app)


def openapi() -> dict[str, Any]:
    """The OpenAPI document, without a database."""
    app = web.Application()
    add_all_routes(app)
    return document(app)
