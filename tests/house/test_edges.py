"""Where effects may happen, beyond what the import contract in pyproject.toml says."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

from tests.house.source import PRODUCT, ROOT, assert_none, calls, imports, modules, place, tree

EFFECTS: Final = (
    "asyncio", "socket", "ssl", "subprocess", "sqlite3", "aiohttp", "sqlalchemy", "panoramisk", "asyncpg",
    "aiosqlite", "obstore", "pydantic", "structlog", "prometheus_client",
)  # fmt: skip
"""What a pure module may not even load through another one."""

PURE: Final = (
    *(
        "ids",
        "clock",
        "phone",
        "errors",
        "events",
        "news",
        "card",
        "draft",
        "roster",
        "pbxmap",
        "call",
        "lifecycle",
        "segments",
        "settling",
        "missed",
        "owing",
    ),
    *("prefixes", "pbx_events", "ami.framing", "ami.messages", "ami.channels", "ami.tracker"),
    *("routing.reported", "routing.proposal", "routing.effect"),
    *("routing.why", "routing.actions", "routing.staff", "routing.membership", "routing.presence"),
    *("routing.missed", "routing.today", "routing.seat", "routing.queues", "routing.unowned"),
    *("routing.parts", "routing.debts", "routing.desks", "routing.floor", "routing.holds", "routing.dials"),
    *("routing.asking.route", "routing.asking.hours", "routing.asking.agi"),
    *("routing.doctor.examination", "routing.doctor.told"),
    *("screenpop.decide", "screenpop.board", "screenpop.heirs", "scoring.score"),
)


def _loaded_by(module: str) -> set[str]:
    """The effects that a fresh process has loaded after importing the module."""
    script = f"import sys, callcenter.{module}; print(*(name for name in {EFFECTS!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("module", PURE)
def test_a_decision_loads_no_effects(module: str) -> None:
    """What cannot reach a socket, a loop or a table needs none of them to be proved, and cannot await in its middle."""
    assert _loaded_by(module) == set()


def test_only_the_edge_commits() -> None:
    """A commit in the middle leaves half a change behind when the rest fails. A migration has the database alone."""
    assert_none(
        place(path, call)
        for path in modules(PRODUCT)
        if path.name not in {"db.py", "sqlite_writer.py", "schema.py"}
        for name, call in calls(tree(path))
        if name == "commit"
    )


def test_panoramisk_stays_behind_the_wire() -> None:
    """It has defects that ami/wire.py works around; whoever imports it elsewhere meets them again."""
    strangers = [path for path in modules(PRODUCT) if "ami" not in path.parts]
    assert_none(place(path) for path in strangers if any(name.startswith("panoramisk") for name in imports(path)))


def test_nothing_waits_for_a_moment_in_tests() -> None:
    """A sleep is too short on a busy machine and too long on every other: ``until`` waits for what is meant."""
    assert_none(
        place(path, call)
        for path in modules("tests")
        if path.name != "until.py"
        for name, call in calls(tree(path))
        if name == "sleep" and not (call.args and getattr(call.args[0], "value", None) == 0)
    )
