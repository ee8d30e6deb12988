"""The commands. Each exits non-zero with one clear line when it fails."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from callcenter import log
from callcenter.config import SettingError, Settings, load
from callcenter.errors import CallcenterError, Invalid


def main(argv: list[str] | None = None) -> int:
    """Runs one command; the exit code."""
    options = _parser().parse_args(argv)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="callcenter", description="Contact-center CRM for Asterisk.")
    parser.add_argument("--config", type=Path, help="settings file (default: ./callcenter.toml)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "run", _run, "run the service")
    _add(commands, "migrate", _migrate, "bring the database to this version")
    demo = _add(commands, "demo", _demo, "a whole call center on this machine, with a simulated PBX")
    demo.add_argument("--port", type=int, help="port of the web app (default: 8080, or the next free one)")
    demo.add_argument("--state", type=Path, help="folder to keep the demo in (default: a new one every time)")
    _add_user(commands)
    _add_audit(commands)
    doctor = _add(commands, "doctor", _doctor, "what is wrong with the PBX, and the lines that mend it")
    doctor.epilog = "Exit code 0: everything is well; 1: something is wrong or could not be seen; 2: no connection."
    doctor.add_argument("--pbx", metavar="NAME", help="only this PBX")
    doctor.add_argument("--json", action="store_true", help="the same for programs")
    doctor.add_argument("--call", metavar="QUEUE", help="make a test call to this queue and follow it to its end")
    doctor.add_argument("--did", default="", metavar="NUMBER", help="with --call: which of your numbers to call")
    doctor.add_argument("--agent", default="", metavar="USERNAME", help="with --call: whose own phone is to ring")
    capture = _add(commands, "capture", _capture, "write a PBX's raw AMI stream to a file, until Ctrl-C")
    capture.add_argument("file", type=Path)
    capture.add_argument("--pbx", help="which PBX (default: the only one)")
    replay = _add(commands, "replay", _replay, "what the tracker concludes from a captured stream")
    replay.add_argument("file", type=Path)
    replay.add_argument("--map", action="append", default=[], metavar="PATTERN=KIND", help="'PJSIP/trunk*=trunk'")
    _add_exchange(commands)
    _add_backup(commands)
    _add(commands, "openapi", _openapi, "print the OpenAPI document")
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    command: Callable[[argparse.Namespace], int],
    about: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(command=command)
    return parser


def _add_user(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    user = commands.add_parser("user", help="people who may sign in").add_subparsers(required=True, metavar="COMMAND")
    add = _add(user, "add", _user_add, "add a person")
    add.add_argument("username")
    add.add_argument("--name", default="", help="the name that colleagues see")
    add.add_argument("--role", choices=("agent", "supervisor", "admin"), default="agent")
    add.add_argument("--language", default="en")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    _add(user, "list", _user_list, "list people")
    password = _add(user, "password", _user_password, "set a person's password; signs him out everywhere")
    password.add_argument("username")
    password.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def _add_audit(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    audit = commands.add_parser("audit", help="the audit trail").add_subparsers(required=True, metavar="COMMAND")
    verify = _add(audit, "verify", _audit_verify, "whether any line of the trail was changed, put in or taken out")
    verify.add_argument(
        "--head", default="", metavar="SEAL", help="a seal written down earlier, which must still be there"
    )


def _add_exchange(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    take = commands.add_parser("import", help="customers out of a sheet").add_subparsers(required=True, metavar="WHAT")
    customers = _add(take, "customers", _import, "import customers from a CSV, XLSX, XLS or ODS file")
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
    undo = _add(take, "undo", _import_undo, "take an import back")
    undo.add_argument("id", type=UUID)
    give = _add(commands, "export", _export, "customers or calls as a CSV or XLSX file")
    give.add_argument("what", choices=("customers", "calls"))
    give.add_argument("file", type=Path)
    give.add_argument("--find", default="", help="only these: words, numbers or an address; for calls a number")


def _add_backup(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    backup = _add(commands, "backup", _backup, "copy database and recordings into a new folder, while the service runs")
    backup.add_argument("folder", type=Path)
    restore = _add(commands, "restore", _restore, "put a back-up into an empty database and store")
    restore.add_argument("folder", type=Path)


def _settings(options: argparse.Namespace) -> Settings:
    settings = load(file=options.config)
    log.configure(json=settings.log.json_lines, level=settings.log.level)
    return settings


def _run(options: argparse.Namespace) -> int:
    from callcenter import service

    settings = _settings(options)
    asyncio.run(service.serve(settings, lambda address: print(f"callcenter: listening on {address}", flush=True)))
    return 0


def _migrate(options: argparse.Namespace) -> int:
    from callcenter.crm.schema import migrate

    migrate(_settings(options).database)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from callcenter.demo import start

    return start.main(port=options.port, state=options.state)


def _doctor(options: argparse.Namespace) -> int:
    from callcenter import commands
    from callcenter.routing.doctor import told

    if options.call:
        return _test_call(options)
    reports = asyncio.run(commands.diagnose(_settings(options), options.pbx))
    print(told.as_json(reports) if options.json else "\n\n".join(map(told.told, reports)))
    return max(map(told.exit_code, reports))


def _test_call(options: argparse.Namespace) -> int:
    from callcenter.rehearsing import command

    settings = _settings(options)
    if options.pbx is None and len(settings.pbx) != 1:
        raise SettingError(f"say which PBX with --pbx: {', '.join(settings.pbx)}")
    asked = command.Asked(
        pbx=options.pbx or next(iter(settings.pbx)), queue=options.call, did=options.did, agent=options.agent
    )
    return 0 if asyncio.run(command.call(settings, asked, lambda told: print(told, flush=True))) else 1


def _capture(options: argparse.Namespace) -> int:
    from callcenter import commands

    asyncio.run(commands.capture(_settings(options), options.file, options.pbx))
    return 0


def _replay(options: argparse.Namespace) -> int:
    from callcenter import commands

    for line in commands.replayed(options.file, options.map):
        print(line)
    return 0


def _import(options: argparse.Namespace) -> int:
    from callcenter import exchanging

    wish = exchanging.Wish(
        known=options.known,
        namesakes=options.namesakes,
        region=options.region,
        columns=options.column,
        check=options.check,
    )
    refused = asyncio.run(exchanging.import_customers(_settings(options), options.file, wish, print))
    return 1 if refused else 0


def _import_undo(options: argparse.Namespace) -> int:
    from callcenter import exchanging

    asyncio.run(exchanging.undo_import(_settings(options), options.id, print))
    return 0


def _export(options: argparse.Namespace) -> int:
    from callcenter import exchanging

    rows = asyncio.run(exchanging.export_to(_settings(options), options.what, options.file, options.find))
    print(f"{rows} rows in {options.file}")
    return 0


def _backup(options: argparse.Namespace) -> int:
    from callcenter import backup

    told = backup.back_up(_settings(options), options.folder)
    print(f"{told.folder}: the database and {told.recordings} recordings, {told.bytes / 1e6:.1f} MB")
    if told.missing:
        print(f"callcenter: {told.missing} recordings are not in the store", file=sys.stderr)
    return 0


def _restore(options: argparse.Namespace) -> int:
    from callcenter import backup

    told = backup.restore(_settings(options), options.folder)
    print(f"restored: the database and {told.recordings} recordings")
    return 0


def _openapi(_options: argparse.Namespace) -> int:
    from callcenter import app

    print(json.dumps(app.openapi(), indent=2, sort_keys=True, ensure_ascii=False))
    return 0


def _user_add(options: argparse.Namespace) -> int:
    from callcenter import commands

    values = {
        "username": options.username,
        "display_name": options.name,
        "role": options.role,
        "language": options.language,
    }
    asyncio.run(commands.add_user(_settings(options), values, _password(options)))
    print(f"{options.username} may sign in as {options.role}")
    return 0


def _user_list(options: argparse.Namespace) -> int:
    from callcenter import commands

    for line in asyncio.run(commands.list_users(_settings(options))):
        print(line)
    return 0


def _user_password(options: argparse.Namespace) -> int:
    from callcenter import commands

    asyncio.run(commands.set_password(_settings(options), options.username, _password(options)))
    print(f"{options.username} has a new password and is signed out everywhere")
    return 0


def _audit_verify(options: argparse.Namespace) -> int:
    from callcenter import commands

    whole, told = asyncio.run(commands.verify_audit(_settings(options), options.head))
    print(told)
    return 0 if whole else 1


def _password(options: argparse.Namespace) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise Invalid("the two passwords differ", fields={"password": "mismatch"})
    return first


if __name__ == "__main__":
    sys.exit(main())
