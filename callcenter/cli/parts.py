"""What all commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeAlias

from callcenter import log
from callcenter.config import Settings, load

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def command(
    commands: Commands,
    name: str,
    does: Callable[[argparse.Namespace], int],
    about: str,
) -> argparse.ArgumentParser:
    """Another command. ``does`` returns the exit code; it imports what it needs itself, so that --help is quick."""
    parser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(command=does)
    return parser


def settings_of(options: argparse.Namespace) -> Settings:
    """Reads the settings and sets the log up. Raises SettingError."""
    found = load(file=options.config)
    log.configure(json=found.log.json_lines, level=found.log.level)
    return found
