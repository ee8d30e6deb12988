"""The commands. Each exits non-zero with one clear line when it fails."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from callcenter.cli import archive, house, past, pbx, people, recordings, sheets, speech
from callcenter.config import SettingError
from callcenter.errors import CallcenterError, Invalid


def main(argv: list[str] | None = None) -> int:
    """Runs one command; the exit code."""
    options = parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except SettingError as wrong:
        print(f"callcenter: {wrong}", file=sys.stderr)
        return 2
    except Invalid as wrong:
        fields = ", ".join(f"{field}: {reason}" for field, reason in wrong.fields.items())
        print(f"callcenter: {wrong}{f' ({fields})' if fields else ''}", file=sys.stderr)
        return 1
    except (CallcenterError, OSError) as wrong:
        print(f"callcenter: {wrong}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Everything that can be said on the command line."""
    found = argparse.ArgumentParser(prog="callcenter", description="Contact-center CRM for Asterisk.")
    found.add_argument("--config", type=Path, help="settings file (default: ./callcenter.toml)")
    commands = found.add_subparsers(required=True, metavar="COMMAND")
    for part in (house, people, pbx, past, sheets, archive, speech, recordings):
        part.offer(commands)
    return found


if __name__ == "__main__":
    sys.exit(main())
