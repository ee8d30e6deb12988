"""Names and words that hide what they mean."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.house.source import EVERYTHING, ROOT, assert_none, modules, place, tree, web_files

_EMPTY: Final = re.compile(r"(Manager|Helper|Util|Utils|Handler)$|(^|_)(manager|helper|helpers|util|utils|handler)$")
_LATER: Final = re.compile(
    r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "raise NotImplemented" + "Error")) + r")\b"
)


def _names(path: Path) -> Iterator[str]:
    yield path.stem
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield "" if _is_named_after_its_base(node) else node.name


def _is_named_after_its_base(node: ast.stmt) -> bool:
    """``class _Manager(panoramisk.Manager)``: the name is the other library's."""
    bases = node.bases if isinstance(node, ast.ClassDef) else []
    names = {base.attr for base in bases if isinstance(base, ast.Attribute)}
    return isinstance(node, ast.ClassDef) and node.name.lstrip("_") in names


def test_no_name_says_only_that_something_is_done_somewhere() -> None:
    """Whatever has no place goes into a "manager"; a domain word tells what belongs in it and what does not."""
    assert_none(
        f"{place(path)} {name}" for path in modules(*EVERYTHING) for name in _names(path) if _EMPTY.search(name)
    )


def test_nothing_is_left_for_later_in_the_source() -> None:
    """A note in the source is a debt nobody is reminded of: it is done, or it is an issue."""
    written = [*modules(*EVERYTHING), *web_files(".vue", ".ts", ".css", ".json")]
    assert_none(place(path) for path in written if _LATER.search(path.read_text()))


def test_every_file_of_the_pbx_opens_with_its_reason() -> None:
    """These files are copied into other people's machines, far away from any documentation of ours."""
    files = sorted((ROOT / "asterisk-conf").rglob("*.conf"))
    assert len(files) > 5
    assert_none(place(path) for path in files if not re.match(r";.{20,}", path.read_text()))
