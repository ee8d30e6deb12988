"""Recordings counted against calls: tally."""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

from callcenter.cli.parts import Commands, command, settings_of


def offer(commands: Commands) -> None:
    tally = command(commands, "tally", _tally, "count the last day's answered calls against their recordings")
    tally.add_argument("--json", action="store_true", help="the figures for programs")
    tally.epilog = (
        "Beside a running service, which does the same every night. Exits with 1 where an answered call has neither a "
        "recording nor a reason, or lost its recording."
    )


def _tally(options: argparse.Namespace) -> int:
    from callcenter import commands

    told = asyncio.run(commands.tally(settings_of(options)))
    print(json.dumps(told) if options.json else "\n".join(_lines(told)))
    return 1 if told["lost"] or told["unexplained"] else 0


def _lines(told: dict[str, Any]) -> list[str]:
    """For people."""
    counts = ("present", "excused", "delayed", "lost", "unexplained")
    return [
        f"{told['answered']} answered calls: " + ", ".join(f"{told[name]} {name}" for name in counts),
        f"{told['strays']} files without a call, {told['linked']} given to their call",
        *(f"  {reason}: {number}" for reason, number in sorted(told["reasons"].items())),
    ]
