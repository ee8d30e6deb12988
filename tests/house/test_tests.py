"""What a test must be to prove anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.house.source import Function, assert_none, calls, functions, imports, modules, place, tree

_ASSERTING: Final = ("assert_", "expect", "until", "raises", "fail")


def _tests() -> Iterator[tuple[Path, Function]]:
    for path in modules("tests"):
        if path.name.startswith("test_"):
            yield from ((path, function) for function in functions(path) if function.name.startswith("test_"))


def _asserts(node: ast.AST, words: frozenset[str]) -> bool:
    if any(isinstance(found, ast.Assert) for found in ast.walk(node)):
        return True
    return any(name in words or name.lstrip("_").startswith(_ASSERTING) for name, _ in calls(node))


def _words_that_assert() -> frozenset[str]:
    """The tests' own vocabulary, such as ``house.becomes(...)``: whatever asserts, or says it through what does."""
    spoken = [one for path in modules("tests") for one in functions(path) if not one.name.startswith("test_")]
    words: frozenset[str] = frozenset()
    while more := {one.name for one in spoken if _asserts(one, words)} - words:
        words |= more
    return words


def _own(test: Function) -> Iterator[ast.AST]:
    """The nodes of a test without those of the small stand-ins of foreign things it defines."""
    waiting: list[ast.AST] = list(test.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def test_every_test_asserts_something() -> None:
    """A test that only runs code is green whatever the code does."""
    words = _words_that_assert()
    assert_none(f"{place(path, test)} {test.name}" for path, test in _tests() if not _asserts(test, words))


def test_our_own_modules_are_never_replaced() -> None:
    """A test against a stand-in of our own proves the stand-in. Only the environment may be set."""
    assert_none(
        place(path) for path in modules("tests") if any(name.split(".")[-1] == "mock" for name in imports(path))
    )
    assert_none(
        place(path, call)
        for path in modules("tests")
        for name, call in calls(tree(path))
        if name in {"setattr", "patch"} and "monkeypatch" in ast.unparse(call.func)
    )


def test_a_test_does_not_branch() -> None:
    """A test with an ``if`` is two tests of which one may never run."""
    assert_none(
        f"{place(path, test)} {test.name}"
        for path, test in _tests()
        if any(isinstance(node, ast.If) for node in _own(test))
    )
