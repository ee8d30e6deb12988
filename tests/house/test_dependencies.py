"""What is installed is needed, and what is locked is what was asked for."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.source import PRODUCT, ROOT, assert_none, imports, modules

_PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
_IMPORTED_AS: Final = {"argon2-cffi": "argon2"}
_DRIVERS: Final = {"aiosqlite", "asyncpg"}
"""Named in a URL of SQLAlchemy instead of being imported."""
_FOR_OTHERS: Final = {"audioop_lts"}
"""What pydub imports on a Python that no longer has it."""


def _asked(names: list[str]) -> list[Requirement]:
    return [Requirement(name) for name in names]


def _locked(file: str) -> dict[str, str]:
    lines = re.findall(r"(?m)^([\w.-]+)==([\w.]+)", (ROOT / file).read_text())
    return {canonicalize_name(name): version for name, version in lines}


def _disagreements(asked: list[Requirement], locked: dict[str, str]) -> list[str]:
    return [
        str(one) for one in asked if not one.specifier.contains(locked.get(canonicalize_name(one.name), "0.dev0"), True)
    ]


def test_every_dependency_is_imported() -> None:
    """A package nobody imports is attack surface and download for nothing."""
    tops = {name.split(".")[0] for path in modules(PRODUCT) for name in imports(path)}
    drivers = set(re.findall(r"\w+\+(\w+)", " ".join(path.read_text() for path in modules(PRODUCT))))
    wanted = {
        one.name: _IMPORTED_AS.get(one.name, one.name.replace("-", "_")) for one in _asked(_PROJECT["dependencies"])
    }
    assert_none(name for name, module in wanted.items() if module not in tops | (drivers & _DRIVERS) | _FOR_OTHERS)


def test_the_lock_files_hold_what_the_project_asks_for() -> None:
    """After a change of pyproject.toml: ./run lock. Otherwise a newcomer installs what nobody tested."""
    test = [*_PROJECT["dependencies"], *_PROJECT["optional-dependencies"]["test"]]
    assert_none(_disagreements(_asked(_PROJECT["dependencies"]), _locked("requirements.lock")))
    assert_none(_disagreements(_asked(test), _locked("requirements-test.lock")))


def test_tests_run_on_the_versions_that_ship() -> None:
    """Two lock files that disagree prove one thing and install another."""
    assert _locked("requirements.lock").items() <= _locked("requirements-test.lock").items()
