"""The built web app: hashed assets that may be kept for ever, and one page for every route of the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aiohttp import web

STATIC: Final = Path(__file__).parent / "static"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_MISSING: Final = (
    "<!doctype html><html lang=en><title>Callcenter</title><p>The web app is not built. In a checkout, "
    "<code>./run build</code> builds it; a package from <code>pip install</code> holds it."
)


def add_routes(app: web.Application) -> None:
    """Everything outside the API. Added last: it takes what no other route took."""
    app.router.add_get("/{path:.*}", page)


async def page(request: web.Request) -> web.StreamResponse:
    """An asset, or the app's page, which finds its way by itself."""
    path = request.match_info["path"]
    if path.startswith(("api/", "assets/../")):
        raise web.HTTPNotFound
    found = (STATIC / path).resolve()
    if path and found.is_relative_to(STATIC) and found.is_file() and not found.name.startswith("."):
        headers = {"Cache-Control": _FOR_EVER} if path.startswith("assets/") else {}
        return web.FileResponse(found, headers=headers)
    index = STATIC / "index.html"
    if not index.exists():
        return web.Response(text=_MISSING, content_type="text/html", status=503)
    if Path(path).suffix:
        raise web.HTTPNotFound
    return web.FileResponse(index, headers={"Cache-Control": "no-cache"})
