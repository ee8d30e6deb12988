"""All routes of scorecards."""

from __future__ import annotations

from aiohttp import web

from callcenter.scoring import api, api_forms, api_samples


def add_routes(app: web.Application) -> None:
    for part in (api_forms, api, api_samples):
        part.add_routes(app)
