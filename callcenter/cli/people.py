"""People who may sign in, and the trail of what they did: user, audit."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys

from callcenter.cli.parts import Commands, command, settings_of
from callcenter.errors import Invalid


def offer(commands: Commands) -> None:
    _add_user(commands)
    _add_audit(commands)


def _add_user(commands: Commands) -> None:
    user = commands.add_parser("user", help="people who may sign in").add_subparsers(required=True, metavar="COMMAND")
    add = command(user, "add", _user_add, "add a person")
    add.add_argument("username")
    add.add_argument("--name", default="", help="the name that colleagues see")
    add.add_argument("--role", choices=("agent", "supervisor", "admin"), default="agent")
    add.add_argument("--language", default="en")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    command(user, "list", _user_list, "list people")
    password = command(user, "password", _user_password, "set a person's password; signs him out everywhere")
    password.add_argument("username")
    password.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def _add_audit(commands: Commands) -> None:
    audit = commands.add_parser("audit", help="the audit trail").add_subparsers(required=True, metavar="COMMAND")
    verify = command(audit, "verify", _audit_verify, "whether any line of the trail was changed, put in or taken out")
    verify.add_argument(
        "--head", default="", metavar="SEAL", help="a seal written down earlier, which must still be there"
    )


def _user_add(options: argparse.Namespace) -> int:
    from callcenter import commands

    values = {
        "username": options.username,
        "display_name": options.name,
        "role": options.role,
        "language": options.language,
    }
    asyncio.run(commands.add_user(settings_of(options), values, _password(options)))
    print(f"{options.username} may sign in as {options.role}")
    return 0


def _user_list(options: argparse.Namespace) -> int:
    from callcenter import commands

    for line in asyncio.run(commands.list_users(settings_of(options))):
        print(line)
    return 0


def _user_password(options: argparse.Namespace) -> int:
    from callcenter import commands

    asyncio.run(commands.set_password(settings_of(options), options.username, _password(options)))
    print(f"{options.username} has a new password and is signed out everywhere")
    return 0


def _audit_verify(options: argparse.Namespace) -> int:
    from callcenter import commands

    whole, told = asyncio.run(commands.verify_audit(settings_of(options), options.head))
    print(told)
    return 0 if whole else 1


def _password(options: argparse.Namespace) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise Invalid("the two passwords differ", fields={"password": "mismatch"})
    return first
