"""A PBX looked at: doctor, capture, replay."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from callcenter.cli.parts import Commands, command, settings_of
from callcenter.config import SettingError


def offer(commands: Commands) -> None:
    doctor = command(commands, "doctor", _doctor, "what is wrong with the PBX, and the lines that mend it")
    doctor.epilog = "Exit code 0: everything is well; 1: something is wrong or could not be seen; 2: no connection."
    doctor.add_argument("--pbx", metavar="NAME", help="only this PBX")
    doctor.add_argument("--json", action="store_true", help="the same for programs")
    doctor.add_argument("--call", metavar="QUEUE", help="make a test call to this queue and follow it to its end")
    doctor.add_argument("--did", default="", metavar="NUMBER", help="with --call: which of your numbers to call")
    doctor.add_argument("--agent", default="", metavar="USERNAME", help="with --call: whose own phone is to ring")
    capture = command(commands, "capture", _capture, "write a PBX's raw AMI stream to a file, until Ctrl-C")
    capture.add_argument("file", type=Path)
    capture.add_argument("--pbx", help="which PBX (default: the only one)")
    replay = command(commands, "replay", _replay, "what the tracker concludes from a captured stream")
    replay.add_argument("file", type=Path)
    replay.add_argument("--map", action="append", default=[], metavar="PATTERN=KIND", help="'PJSIP/trunk*=trunk'")


def _doctor(options: argparse.Namespace) -> int:
    from callcenter import commands
    from callcenter.routing.doctor import told

    if options.call:
        return _test_call(options)
    reports = asyncio.run(commands.diagnose(settings_of(options), options.pbx))
    print(told.as_json(reports) if options.json else "\n\n".join(map(told.told, reports)))
    return max(map(told.exit_code, reports))


def _test_call(options: argparse.Namespace) -> int:
    from callcenter.rehearsing.command import Asked, call

    settings = settings_of(options)
    if options.pbx is None and len(settings.pbx) != 1:
        raise SettingError(f"say which PBX with --pbx: {', '.join(settings.pbx)}")
    asked = Asked(pbx=options.pbx or next(iter(settings.pbx)), queue=options.call, did=options.did, agent=options.agent)
    return 0 if asyncio.run(call(settings, asked, lambda told: print(told, flush=True))) else 1


def _capture(options: argparse.Namespace) -> int:
    from callcenter import commands

    asyncio.run(commands.capture(settings_of(options), options.file, options.pbx))
    return 0


def _replay(options: argparse.Namespace) -> int:
    from callcenter import commands

    for line in commands.replayed(options.file, options.map):
        print(line)
    return 0
