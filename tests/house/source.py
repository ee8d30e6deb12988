"""The tree as the house rules see it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PRODUCT: Final = "callcenter"
EVERYTHING: Final = ("callcenter", "tests", "tools", "bench")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*folders: str) -> list[Path]:
    """The Python files below these folders."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def web_files(*suffixes: str) -> list[Path]:
    """The web app's own files: neither installed nor generated."""
    found = (path for suffix in suffixes for path in (ROOT / "web" / "src").rglob(f"*{suffix}"))
    return sorted(path for path in found if "generated" not in path.parts)


def assert_none(found: Iterable[str]) -> None:
    """Every breach of a rule at once, a line each."""
    breaches = sorted(found)
    assert not breaches, "\n" + "\n".join(breaches)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def place(path: Path, node: ast.stmt | ast.expr | None = None) -> str:
    """As an editor takes it: callcenter/db.py:12"""
    where = path.relative_to(ROOT).as_posix()
    return f"{where}:{node.lineno}" if node else where


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def calls(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call inside with the last part of its name: ``session.commit()`` is ``commit``."""
    for found in ast.walk(node):
        if isinstance(found, ast.Call) and isinstance(found.func, ast.Attribute):
            yield found.func.attr, found
        elif isinstance(found, ast.Call) and isinstance(found.func, ast.Name):
            yield found.func.id, found


def imports(path: Path) -> frozenset[str]:
    """The full names of the imported modules."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return frozenset(names)
