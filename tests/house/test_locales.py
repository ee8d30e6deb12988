"""Texts in all languages say the same things."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.house.source import ROOT, assert_none

_FOLDERS: Final = sorted(
    {path.parent for part in ("callcenter", "web/src") for path in (ROOT / part).glob("**/locales/en.json")}
)
_PLACEHOLDER: Final = re.compile(r"{(\w+)}")
_SAME_EVERYWHERE: Final = {"Callcenter", "Server", "VIP", "Audit", "Auto", "s", "CSV"}
_SAME: Final = {
    "ru": _SAME_EVERYWHERE,
    "it": _SAME_EVERYWHERE | {"No", "Privacy", "Database", "Password", "E-mail", "File"},
    "az": _SAME_EVERYWHERE | {"Administrator", "Status"},
}
"""Words that are the same in both languages. What is added here was looked at, not forgotten."""
_FORMAL_ITALIAN: Final = re.compile(
    r"\bLei\b|\b(?i:preghiamo|prego|inserisca|riprovi|scelga|prema|attenda|verifichi|clicchi|confermi|legga)\b"
)
_DOTLESS_BEGINNING: Final = re.compile(r"\bI[a-zçəğıöşü]")
_TURKISH: Final = re.compile(r"\b(ve|için|değil|kullanıcı|şifre|arama|gönder|tamam)\b", re.IGNORECASE)
_CURT_AZERBAIJANI: Final = re.compile(r"\b(yoxla|seç|yaz|bildir|gözlə|oxu|dəyiş|soruş|tap|daxil ol|cəhd et)\.")


def _texts(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _texts(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", str(value)


@cache
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


@pytest.mark.parametrize("language", sorted(_SAME))
def test_nothing_was_left_in_english(language: str) -> None:
    """A forgotten text looks translated to every machine but not to the agent who reads it."""
    folders = [folder for folder in _FOLDERS if (folder / f"{language}.json").exists()]
    assert_none(
        f"{key}: {text}"
        for folder in folders
        for key, text in _read(folder / f"{language}.json").items()
        if text == _read(folder / "en.json").get(key)
        and re.search(r"[^\W\d_]", _PLACEHOLDER.sub("", text))
        and text not in _SAME[language]
    )


def _breaches(language: str, rule: re.Pattern[str]) -> Iterator[str]:
    for path in _languages():
        if path.stem == language:
            yield from (f"{key}: {text}" for key, text in _read(path).items() if rule.search(text))


def test_italian_says_tu_throughout() -> None:
    """Half formal and half not reads like two programs."""
    assert_none(_breaches("it", _FORMAL_ITALIAN))


@pytest.mark.parametrize(
    ("language", "other"),
    [("it", "’"), ("az", "telefon sistem"), ("az", "stansiya"), ("az", "söhbət")],
)
def test_one_thing_has_one_name(language: str, other: str) -> None:
    """Several translators, one voice: an apostrophe is straight, a PBX an ATS, a talk a danışıq."""
    assert_none(_breaches(language, re.compile(other, re.IGNORECASE)))


def test_azerbaijani_dots_its_capital_i() -> None:
    """No word begins with a dotless one: "Istifadəçi" is "İstifadəçi" typed on an English keyboard."""
    assert_none(_breaches("az", _DOTLESS_BEGINNING))


def test_azerbaijani_is_not_turkish() -> None:
    """They look alike to a translator in a hurry, not to people in Baku."""
    assert_none(_breaches("az", _TURKISH))


def test_azerbaijani_asks_politely_in_sentences() -> None:
    """Buttons are short ("Saxla"); a sentence speaks to a person: "yoxlayın", not "yoxla"."""
    assert_none(_breaches("az", _CURT_AZERBAIJANI))
