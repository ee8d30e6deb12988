"""Routes of the screen pop: one's own board, and its live feed."""

from __future__ import annotations

from aiohttp import web
from pydantic import RootModel

from callcenter.api import ROOT, View
from callcenter.crm.access import actor
from callcenter.screenpop.hub import Hub
from callcenter.screenpop.shown import BoardView
from callcenter.screenpop.ws import HUB, websocket


class Board(RootModel[BoardView]):
    """What a new tab would show."""


class BoardOfMine(View):
    async def get(self) -> Board:
        """One's own board, as the websocket's snapshot has it."""
        return Board(await self.request.app[HUB].view(actor(self.request)))


def provide(app: web.Application, hub: Hub) -> None:
    """Hands the hub to the routes; its tabs are told to come back when the service ends."""
    app[HUB] = hub

    async def go_away(_app: web.Application) -> None:
        hub.close()

    app.on_shutdown.append(go_away)


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/me/board", BoardOfMine)
    app.router.add_get(f"{ROOT}/ws", websocket)
