"""The service itself: run, migrate, demo, openapi."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
from pathlib import Path

from callcenter.cli.parts import Commands, command, settings_of


def offer(commands: Commands) -> None:
    command(commands, "run", _run, "run the service")
    command(commands, "migrate", _migrate, "bring the database to this version")
    demo = command(commands, "demo", _demo, "a whole call center on this machine, with a simulated PBX")
    demo.add_argument("--port", type=int, help="port of the web app (default: 8080, or the next free one)")
    demo.add_argument("--state", type=Path, help="folder to keep the demo in (default: a new one every time)")
    command(commands, "openapi", _openapi, "print the OpenAPI document")


def _run(options: argparse.Namespace) -> int:
    gc.disable()  # until the service is built: what is loaded stays, and looking through it is a sixth of starting
    from callcenter import service

    settings = settings_of(options)
    asyncio.run(service.serve(settings, lambda address: print(f"callcenter: listening on {address}", flush=True)))
    return 0


def _migrate(options: argparse.Namespace) -> int:
    from callcenter.crm.schema import migrate

    migrate(settings_of(options).database)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from callcenter.demo import start

    return start.main(port=options.port, state=options.state)


def _openapi(_options: argparse.Namespace) -> int:
    from callcenter import website

    print(json.dumps(website.openapi(), indent=2, sort_keys=True, ensure_ascii=False))
    return 0
