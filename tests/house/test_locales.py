"""Texts in all languages say the same things."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.house.source import ROOT, assert_none

_FOLDERS: Final = sorted(
    {path.parent for path in ROOT.glob("*/**/locales/en.json") if "node_modules" not in path.parts}
)
_PLACEHOLDER: Final = re.compile(r"{(\w+)}")


def _texts(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _texts(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", str(value)


def _read(path: Path) -> dict[str, str]:
    return dict(_texts(json.loads(path.read_text())))


def _languages() -> list[Path]:
    return [path for folder in _FOLDERS for path in sorted(folder.glob("*.json"))]


def test_there_are_languages() -> None:
    """The rules below say nothing about an empty list."""
    assert {path.stem for path in _languages()} > {"en"}


@pytest.mark.parametrize("path", _languages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_language_has_exactly_the_texts_of_english(path: Path) -> None:
    """A missing text shows its key to an agent in the middle of a call; a surplus one is dead."""
    assert _read(path).keys() ^ _read(path.with_name("en.json")).keys() == set()


@pytest.mark.parametrize("path", _languages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_translation_fills_in_the_same_things(path: Path) -> None:
    """A misspelt placeholder shows its braces; a forgotten one hides the number it was about."""
    english = {key: set(_PLACEHOLDER.findall(text)) for key, text in _read(path.with_name("en.json")).items()}
    here = {key: set(_PLACEHOLDER.findall(text)) for key, text in _read(path).items()}
    assert {key for key in english.keys() & here.keys() if english[key] != here[key]} == set()


@pytest.mark.parametrize("path", _languages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_texts_are_texts(path: Path) -> None:
    """Markup in a translation is a way into the page for whoever translates."""
    assert_none(key for key, text in _read(path).items() if re.search(r"<[a-zA-Z/!]", text) or not text.strip())
