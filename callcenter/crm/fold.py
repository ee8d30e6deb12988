"""Text as it is searched: without case, diacritics and spellings that people use one for another."""

from __future__ import annotations

import unicodedata
from typing import Final

_ALIKE: Final = str.maketrans({"ё": "е", "ə": "e", "ı": "i", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"})
"""What has no decomposition in Unicode. İ decomposes into i and a dot, ğ, ö, ü, ş and ç into letter and mark."""
_KEPT: Final = frozenset("й")


def fold(text: str) -> str:
    """Lower case, marks taken off (й stays a letter), one space between words."""
    if text.isascii():
        return " ".join(text.lower().split())
    lower = unicodedata.normalize("NFC", text.lower()).translate(_ALIKE)
    bare = "".join(c if c in _KEPT else _bare(c) for c in lower)
    return " ".join(bare.split())


def words(text: str) -> list[str]:
    """The folded words of a search."""
    return fold(text).split()


def _bare(char: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))
