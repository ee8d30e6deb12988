"""Routes of the screen pop: one's own board, and its live feed."""

from __future__ import annotations

from aiohttp import web

from callcenter.api import ROOT
from callcenter.screenpop.messages import BOARD
from callcenter.screenpop.ws import ADMIT, HUB, websocket


async def my_board(request: web.Request) -> web.Response:
    """``GET /me/board``: what a new tab would show."""
    actor = await request.app[ADMIT](request)
    view = await request.app[HUB].view(actor)
    return web.Response(body=BOARD.dump_json(view), content_type="application/json")


def add_routes(app: web.Application) -> None:
    app.router.add_get(f"{ROOT}/me/board", my_board)
    app.router.add_get(f"{ROOT}/ws", websocket)
