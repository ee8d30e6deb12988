"""The running service: from the first migration to the last task, and out again in order."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Callable

from aiohttp import web

from callcenter import heap
from callcenter.app import Parts, build
from callcenter.config import SettingError, Settings
from callcenter.contain import contained
from callcenter.crm import rosters
from callcenter.crm.schema import migrate
from callcenter.news import RosterChanged
from callcenter.subscriptions import subscribe
from callcenter.website import website

_SWEEP_SECONDS = 60.0
_SWITCH_SECONDS = 0.0005
"""The thread that writes a ringing call waits this long for the one that reads AMI, ten times less than by default."""


async def serve(settings: Settings, listening: Callable[[str], None]) -> None:
    """Runs the service until SIGTERM or SIGINT. Raises Unavailable or SettingError when it cannot start."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    heap.one_for_all_threads()
    await asyncio.to_thread(migrate, settings.database)
    parts = build(settings)
    subscribe(parts)
    await parts.db.start()
    try:
        await _take_up(parts)
        runner = web.AppRunner(website(parts), access_log=None, handle_signals=False, shutdown_timeout=2.0)
        await runner.setup()
        try:
            address = await _listen(runner, settings)
            await _work(parts, lambda: listening(address))
        finally:
            await runner.cleanup()
    finally:
        await parts.db.close()


async def _take_up(parts: Parts) -> None:
    """Reads back what stood when the service last ended, before anything new is heard."""
    roster = await parts.db.read(rosters.load)
    await parts.db.read(parts.links.load_maps)
    await parts.ledger.start(roster)
    await parts.gate.start(roster)
    await parts.router.start(roster)
    await parts.outgoing.start(roster)
    await parts.dialler.start()
    await parts.supervision.start()
    await parts.hub.start()
    await parts.health.well("database")


async def _listen(runner: web.AppRunner, settings: Settings) -> str:
    site = web.TCPSite(runner, settings.http.host, settings.http.port)
    try:
        await site.start()
    except OSError as wrong:
        raise SettingError(
            f"cannot listen on {settings.http.host}:{settings.http.port}: {wrong.strerror}; "
            "end the program that holds the port, or set CALLCENTER_HTTP__PORT"
        ) from wrong
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


async def _work(parts: Parts, started: Callable[[], None]) -> None:
    """Every task of the service, owned here; ends in order when asked to."""
    stop = _asked_to_stop()
    async with asyncio.TaskGroup() as group:
        work = [
            group.create_task(parts.gate.run(), name="gate"),
            group.create_task(parts.ledger.follow(), name="ledger"),
            group.create_task(parts.survey.run(), name="survey"),
            group.create_task(parts.router.run(), name="routing"),
            group.create_task(parts.outgoing.run(), name="numbers dialled"),
            group.create_task(parts.door.run(), name="routing port"),
            group.create_task(parts.seen.run(), name="seen"),
            group.create_task(parts.hub.run(), name="hub"),
            group.create_task(parts.jobs.run(), name="jobs"),
            group.create_task(parts.tasks.run(), name="tasks"),
            group.create_task(parts.sampler.run(), name="samples"),
            group.create_task(parts.reviewer.run(), name="review"),
            group.create_task(parts.outages.run(), name="outages"),
            group.create_task(parts.dialler.run(), name="dialler"),
            group.create_task(parts.supervision.run(), name="supervision"),
            group.create_task(parts.stage.run(), name="test calls"),
            group.create_task(parts.vitals.run(), name="vitals"),
            group.create_task(parts.importer.run(), name="imports"),
            group.create_task(_sweep(parts), name="sweep"),
            group.create_task(parts.recording.run(), name="recording"),
            group.create_task(parts.phone_rules.run(), name="phone rules"),
            group.create_task(parts.law.nights.run(), name="nights"),
            group.create_task(parts.law.nights.seal(), name="seal"),
            *await parts.links.run(group),
        ]
        _keep_for_good()
        started()
        await stop.wait()
        for task in work:
            task.cancel()


def _asked_to_stop() -> asyncio.Event:
    """Set by the signals that end a service; where the loop cannot take them (Windows), by the interpreter."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop


def _keep_for_good() -> None:
    """What was built until now lives as long as the service. Looked through by every full collection it would stop
    everything, a ringing phone's pop too, for a tenth of a second (https://docs.python.org/3/library/gc.html#gc.freeze)."""
    gc.collect()
    gc.freeze()
    gc.enable()


async def _sweep(parts: Parts) -> None:
    while True:
        with contained("sweep"):
            if await parts.recording.capture.sweep():
                parts.jobs.wake()
        with contained("vacating"):
            await _vacate(parts)
        await asyncio.to_thread(heap.give_back)
        await asyncio.sleep(_SWEEP_SECONDS)


async def _vacate(parts: Parts) -> None:
    """Whoever is signed in nowhere any more, though he never signed out, is at no desk and in no queue."""
    now = parts.clock.now()
    if await parts.db.write(lambda session: rosters.vacate(session, now)):
        await parts.bus.publish(RosterChanged(roster=await parts.db.read(rosters.load)))
