"""What a PBX wrote before us: backfill."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from callcenter.cli.parts import Commands, command, settings_of
from callcenter.config import SettingError

_PASSWORD: Final = re.compile(r"://[^/\s]*:[^/\s]*@")


def offer(commands: Commands) -> None:
    fill = command(commands, "backfill", _backfill, "turn a PBX's own history into cards and timelines")
    fill.add_argument("--since", type=_moment, required=True, metavar="DATE", help="2019-01-01, or with a time; UTC")
    fill.add_argument("--until", type=_moment, metavar="DATE", help="default: now")
    fill.add_argument("--pbx", metavar="NAME", help="only this PBX (default: all with a HISTORY in the settings)")
    fill.add_argument(
        "--source", default="", metavar="PATH|URL|@FILE", help="read this, or what FILE names, instead of HISTORY"
    )
    fill.add_argument("--only", choices=("cel", "cdr", "queue_log"), default="", help="read no other kind")
    fill.add_argument("--dry-run", action="store_true", help="count what it would add, write nothing")
    fill.add_argument("--json", action="store_true", help="the counts for programs")
    fill.epilog = (
        "Beside a running service. Nobody is asked for outcomes and no tasks are made. Doing it again changes nothing; "
        "broken off, the same command goes on where it stood."
    )


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _source(told: str) -> str:
    """What an option names. Raises SettingError for a password that everybody on the machine would see."""
    if told.startswith("@"):
        try:
            return Path(told[1:]).read_text().strip()
        except OSError as wrong:
            raise SettingError(f"--source {told}: the file cannot be read: {wrong.strerror}") from None
    if _PASSWORD.search(told):
        raise SettingError(
            "--source: a password on the command line is seen by everybody on this machine (ps); write the URL to a "
            "file that only you may read and name it: --source @FILE"
        )
    return told


def _backfill(options: argparse.Namespace) -> int:
    from callcenter import backfilling

    wish = backfilling.Wish(
        since=options.since,
        until=options.until or datetime.now(UTC),
        pbx=options.pbx,
        source=_source(options.source),
        only=options.only,
        dry_run=options.dry_run,
    )
    told = asyncio.run(backfilling.backfill(settings_of(options), wish, lambda line: print(line, file=sys.stderr)))
    if options.json:
        print(json.dumps(told))
    else:
        for name, counts in told.items():
            print(f"{name}: " + (", ".join(f"{n} {what}" for what, n in sorted(counts.items())) or "nothing there"))
    return 0
