"""For machines that watch the service: alive, ready, metrics."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from callcenter.api import DB, HEALTH
from callcenter.errors import Unavailable

_NEEDED: Final = ("database", "pbx:")
"""Without speech or recordings calls are still taken and shown."""


async def healthz(_request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"ok": True})


async def readyz(request: web.Request) -> web.Response:
    """Calls can be taken: the database answers and every PBX is heard. Else 503, with what is ill."""
    parts = {name: {"ok": part.ok, "code": part.code} for name, part in request.app[HEALTH].parts.items()}
    try:
        await request.app[DB].read(lambda s: s.execute(text("SELECT 1")))
    except Unavailable as wrong:
        parts["database"] = {"ok": False, "code": wrong.code}
    else:
        parts.setdefault("database", {"ok": True, "code": ""})
    ready = all(part["ok"] for name, part in parts.items() if name.startswith(_NEEDED))
    return web.json_response({"ok": ready, "parts": parts}, status=200 if ready else 503)


async def metrics(_request: web.Request) -> web.Response:
    """Counters and histograms in Prometheus' format. They hold no customer's data."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def add_routes(app: web.Application) -> None:
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
