"""The commands of ./run. Each prepares what it needs and no more, and fails with one line that names the remedy."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from tools import check, dev, pbx, prepare, venv
from tools.ground import PYTHON, ROOT, Stop, say

_EPILOG = "Words after the command are passed on: ./run test tests/crm -k casing, ./run demo --port 9000"


def main(argv: Sequence[str]) -> int:
    """Runs one command; the exit code."""
    options, rest = _parser().parse_known_args(argv)
    os.chdir(ROOT)
    # Images for containers set it. Tests start the product some hundred times, and each start would compile it anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        return _run(options.command, rest)
    except Stop as stop:
        say(f"run: {stop}")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run", description="Everything one does with a checkout.", epilog=_EPILOG)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, about in {
        "demo": "a whole call center on this machine, with a simulated PBX",
        "test": "all tests and checks; with arguments, pytest with them",
        "dev": "service and web app with live reload (./run dev run: on your own settings)",
        "lint": "the checks alone",
        "bench": "one of the benchmarks",
        "pbx": "a real Asterisk to work against",
        "build": "build the web app",
        "lock": "compile the lock files anew",
    }.items():
        commands.add_parser(name, help=about, add_help=False)
    return parser


def _run(command: str, rest: Sequence[str]) -> int:
    match command:
        case "test":
            return check.test(rest)
        case "lint":
            return check.lint()
        case "dev":
            return dev.main(rest)
        case "pbx":
            return pbx.main()
        case "lock":
            venv.create()
            venv.compile_locks()
            return 0
        case "build":
            prepare.ready(venv.RUNTIME, *prepare.app())
            return 0
        case "bench":
            return _bench(rest)
        case _:
            prepare.ready(venv.RUNTIME, *prepare.app())
            return _become("-m", "callcenter", command, *rest)


def _bench(rest: Sequence[str]) -> int:
    names = sorted(path.stem for path in (ROOT / "bench").glob("*.py") if not path.stem.startswith("_"))
    if not rest or rest[0] not in names:
        raise Stop(f"which benchmark? There is {', '.join(names) or 'none yet'}")
    prepare.ready(venv.TEST)
    return _become("-m", f"bench.{rest[0]}", *rest[1:])


def _become(*words: str) -> NoReturn:
    sys.stderr.flush()
    os.execv(PYTHON, [str(PYTHON), *words])
