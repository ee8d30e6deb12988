"""Customers and calls as sheets: import, export."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from uuid import UUID

from callcenter.cli.parts import Commands, command, settings_of


def offer(commands: Commands) -> None:
    take = commands.add_parser("import", help="customers out of a sheet").add_subparsers(required=True, metavar="WHAT")
    customers = command(take, "customers", _import, "import customers from a CSV, XLSX, XLS or ODS file")
    customers.add_argument("file", type=Path)
    customers.add_argument(
        "--known",
        choices=("fill", "overwrite", "skip", "create"),
        default="fill",
        help="what to do with customers who are known already (default: fill what is empty)",
    )
    customers.add_argument(
        "--namesakes",
        choices=("create", "skip"),
        default="create",
        help="what to do with rows whose name alone a customer bears already (default: create another card)",
    )
    customers.add_argument("--region", default="", help="country of numbers without a code, as in RU")
    customers.add_argument("--column", action="append", default=[], metavar="HEADING=FIELD", help="what a column means")
    customers.add_argument("--check", action="store_true", help="say what would happen, and write nothing")
    undo = command(take, "undo", _import_undo, "take an import back")
    undo.add_argument("id", type=UUID)
    give = command(commands, "export", _export, "customers or calls as a CSV or XLSX file")
    give.add_argument("what", choices=("customers", "calls"))
    give.add_argument("file", type=Path)
    give.add_argument("--find", default="", help="only these: words, numbers or an address; for calls a number")


def _import(options: argparse.Namespace) -> int:
    from callcenter import exchanging

    wish = exchanging.Wish(
        known=options.known,
        namesakes=options.namesakes,
        region=options.region,
        columns=options.column,
        check=options.check,
    )
    refused = asyncio.run(exchanging.import_customers(settings_of(options), options.file, wish, print))
    return 1 if refused else 0


def _import_undo(options: argparse.Namespace) -> int:
    from callcenter import exchanging

    asyncio.run(exchanging.undo_import(settings_of(options), options.id, print))
    return 0


def _export(options: argparse.Namespace) -> int:
    from callcenter import exchanging

    rows = asyncio.run(exchanging.export_to(settings_of(options), options.what, options.file, options.find))
    print(f"{rows} rows in {options.file}")
    return 0
