"""``callcenter demo``: the whole product on this machine, with a telephone system that is only pretended."""

from __future__ import annotations

import asyncio
import random
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from callcenter import log, service
from callcenter.config import Fastagi, Http, Log, Recordings, Settings, Speech
from callcenter.config import Pbx as PbxSettings
from callcenter.crm.schema import migrate
from callcenter.db import Database
from callcenter.demo import cast, people
from callcenter.demo.colleagues import Colleague
from callcenter.demo.pace import Pace
from callcenter.demo.pbx import PBX_SPOOL, Account, Pbx
from callcenter.demo.traffic import Phones, Traffic

PORT: Final = 8080
_PORTS_TRIED: Final = 20
_MODEL: Final = Path(__file__).parent / "speech" / "model-tiny"
_HOST: Final = "127.0.0.1"
_HEARD_WITHIN: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a demo is kept and how fast its day goes by. ``kept`` False: the folder is removed at the end."""

    state: Path
    port: int
    pace: Pace
    kept: bool


def main(port: int | None = None, state: Path | None = None, scale: float = 1.0) -> int:
    """Plays the demo until Ctrl-C; the exit code. ``scale``: real seconds a simulated second takes."""
    log.configure(json=False, level="WARNING")
    folder = (state or Path(tempfile.mkdtemp(prefix="callcenter-demo-"))).absolute()
    stage = Stage(state=folder, port=free_port() if port is None else port, pace=Pace(scale), kept=state is not None)
    say("Callcenter demo: laying out desks, customers and two weeks of calls …")
    try:
        asyncio.run(play(stage))
    except KeyboardInterrupt:
        pass
    finally:
        if not stage.kept:
            shutil.rmtree(folder, ignore_errors=True)
    say("\nThe demo has ended.")
    return 0


def free_port() -> int:
    """8080, or the next one nobody listens on; 0 lets the system choose."""
    for port in range(PORT, PORT + _PORTS_TRIED):
        with socket.socket() as probe:
            try:
                probe.bind((_HOST, port))
            except OSError:
                continue
            return port
    return 0


def prepare(stage: Stage, account: Account, ami: int) -> Settings:
    """The service's settings for this stage; nothing is read from files or the environment."""
    return Settings(
        state=stage.state,
        region=people.REGION,
        http=Http(host=_HOST, port=stage.port),
        pbx={
            people.PBX: PbxSettings(host=_HOST, port=ami, username=account.username, secret=SecretStr(account.secret))
        },
        recordings=Recordings(spool=_spool(stage), pbx_spool=PBX_SPOOL),
        speech=Speech(model=_MODEL),
        fastagi=Fastagi(port=0),
        log=Log(level="WARNING"),
    )


async def play(stage: Stage) -> None:
    """PBX, service, callers and colleagues, until the service is asked to end. Raises what the service raises."""
    account = Account(username="callcenter", secret=secrets.token_urlsafe(16))
    rng = random.Random()  # noqa: S311 - who rings when
    async with Pbx(account, _spool(stage), Phones(rng=rng), stage.pace) as pbx:
        settings = prepare(stage, account, pbx.port)
        numbers = await _settle_in(settings, stage)
        address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        world = asyncio.create_task(_turn(pbx, Traffic(pbx, numbers, stage.pace, rng), address, stage))
        try:
            await service.serve(settings, _told(address, stage))
        finally:
            world.cancel()
            await asyncio.gather(world, return_exceptions=True)


async def _settle_in(settings: Settings, stage: Stage) -> list[str]:
    """The database brought up to date and, where it is empty, filled; the numbers customers call from."""
    await asyncio.to_thread(migrate, settings.database)
    passwords = await asyncio.to_thread(people.hashes)
    db, now = Database(settings.database), datetime.now(UTC)
    await db.start()
    try:
        await db.write(lambda session: people.settle_in(session, now, passwords, _spool(stage)))
        return await db.read(people.numbers)
    finally:
        await db.close()


async def _turn(pbx: Pbx, traffic: Traffic, address: asyncio.Future[str], stage: Stage) -> None:
    """The world outside the service: starts once the service listens to the PBX."""
    where = await address
    try:
        await asyncio.wait_for(pbx.heard.wait(), _HEARD_WITHIN)
    except TimeoutError:
        say("The service has not connected to the simulated PBX yet; see the messages above.")
    async with asyncio.TaskGroup() as tasks:
        for username, _name, extension, _language in cast.AGENTS:
            rng = random.Random(username)  # noqa: S311 - how long a colleague thinks
            desk = Colleague(username=username, extension=extension, address=where, pace=stage.pace, rng=rng)
            tasks.create_task(desk.run(), name=f"colleague {username}")
        tasks.create_task(traffic.run(), name="traffic")


def _told(address: asyncio.Future[str], stage: Stage) -> Callable[[str], None]:
    def listening(where: str) -> None:
        address.set_result(where)
        say(welcome(where, stage))

    return listening


def welcome(address: str, stage: Stage) -> str:
    """What a newcomer needs, in one block."""
    agents = ", ".join(agent[0] for agent in cast.AGENTS)
    fate = "" if stage.kept else " (removed at the end)"
    lines = (
        "",
        f"  Open       {address}",
        f"  Sign in    {agents}   agents at the phones 101, 102, 103",
        "             sofia                 supervisor; phone 104 is free for sitting in on talks",
        "             admin                 administrator",
        f"  Password   {cast.PASSWORD}   for everybody",
        "",
        "  Phones ring and are picked up by themselves. Take a desk and log what came of each talk: until",
        "  you do, no queue call is offered to you. Desks nobody is signed in to are kept by simulated colleagues.",
        "",
        f"  Kept in    {stage.state}{fate}",
        "  End        Ctrl-C",
        "",
    )
    return "\n".join(lines)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _spool(stage: Stage) -> Path:
    return stage.state / "pbx" / "monitor"
