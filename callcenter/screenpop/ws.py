"""The websocket of a tab: who may open one, what it is sent, what it may say."""

from __future__ import annotations

import asyncio
from importlib.metadata import PackageNotFoundError, version
from typing import Final, assert_never

from aiohttp import WSMsgType, web

from callcenter import metrics
from callcenter.api import CLOCK, own_origin
from callcenter.crm.access import of_socket, told
from callcenter.crm.rights import Verb, allow
from callcenter.errors import Forbidden, Invalid
from callcenter.screenpop.hub import Hub
from callcenter.screenpop.messages import PROTOCOL, Hello, Painted, Resume, Subscribe, parse
from callcenter.screenpop.tab import Close, Tab, close

HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)

_HEARTBEAT_SECONDS: Final = 20.0
_LONGEST_MESSAGE: Final = 4096
_BUFFERED_BYTES: Final = 16_384


async def websocket(request: web.Request) -> web.StreamResponse:
    """``GET /api/v1/ws``."""
    if not own_origin(request):
        raise Forbidden("this comes from a foreign page", code="foreign_origin")
    actor = await of_socket(request)
    # Compression would cost 100 kB a tab, and a browser cannot read why a handshake failed: hence close codes.
    socket = web.WebSocketResponse(
        heartbeat=_HEARTBEAT_SECONDS,
        compress=False,
        max_msg_size=_LONGEST_MESSAGE,
        writer_limit=_BUFFERED_BYTES,
        timeout=2.0,
    )
    await socket.prepare(request)
    if actor is None:
        await close(socket, Close.SIGNED_OUT)
    elif not await told(request, actor):
        await close(socket, Close.FORBIDDEN)
    elif request.query.get("protocol", str(PROTOCOL)) != str(PROTOCOL):
        await close(socket, Close.PROTOCOL)
    else:
        await _serve(request, socket, Tab(actor))
    return socket


async def _serve(request: web.Request, socket: web.WebSocketResponse, tab: Tab) -> None:
    hub, clock = request.app[HUB], request.app[CLOCK]

    def written(mono: float) -> None:
        metrics.pop_seconds.observe(max(0.0, clock.monotonic() - mono))

    tab.put(Hello(build=build()).model_dump_json().encode())
    await hub.attach(tab)
    writer = asyncio.create_task(tab.write(socket, request.transport, written))
    try:
        async for message in socket:
            if tab.babbles(clock.monotonic()) or message.type is not WSMsgType.TEXT:
                tab.end(Close.POLICY)
                break
            await _hear(hub, tab, message.data)
    finally:
        hub.detach(tab)
        if tab.code is None:
            writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        if tab.code == Close.TOO_SLOW and request.transport:
            request.transport.abort()


async def _hear(hub: Hub, tab: Tab, text: str) -> None:
    try:
        said = parse(text)
    except Invalid:
        tab.end(Close.POLICY)
        return
    match said:
        case Painted(pop=pop, paint_ms=paint_ms):
            metrics.paint_seconds.observe(paint_ms / 1000)
            hub.painted(tab.actor, pop, paint_ms)
        case Resume():
            hub.resume(tab)
        case Subscribe(changes=changes):
            if allow(tab.actor, Verb.SEE_FLOOR):
                await hub.show_floor(tab, changes=changes)
            else:
                tab.end(Close.FORBIDDEN)
        case _:
            assert_never(said)


def build() -> str:
    """The version that is installed."""
    try:
        return version("callcenter")
    except PackageNotFoundError:
        return "development"
