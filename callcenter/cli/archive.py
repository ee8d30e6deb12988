"""Copies for a bad day: backup, restore."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from callcenter.cli.parts import Commands, command, settings_of


def offer(commands: Commands) -> None:
    backup = command(
        commands, "backup", _backup, "copy database and recordings into a new folder, while the service runs"
    )
    backup.add_argument("folder", type=Path)
    restore = command(commands, "restore", _restore, "put a back-up into an empty database and store")
    restore.add_argument("folder", type=Path)


def _backup(options: argparse.Namespace) -> int:
    from callcenter import backup

    told = backup.back_up(settings_of(options), options.folder)
    print(f"{told.folder}: the database and {told.recordings} recordings, {told.bytes / 1e6:.1f} MB")
    if told.missing:
        print(f"callcenter: {told.missing} recordings are not in the store", file=sys.stderr)
    return 0


def _restore(options: argparse.Namespace) -> int:
    from callcenter import backup

    told = backup.restore(settings_of(options), options.folder)
    print(f"restored: the database and {told.recordings} recordings")
    return 0
