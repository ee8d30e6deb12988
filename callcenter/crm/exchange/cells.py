"""Cells as a spreadsheet may open them: what would be taken for a formula is made plain text."""

from __future__ import annotations

from typing import Final

_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_DIALLED: Final = frozenset("+-()/. \u00a0")


def safe(text: str) -> str:
    """With an apostrophe before it where a spreadsheet would compute it. Plain telephone numbers stay as they are: they
    begin with ``+`` and are nothing to compute."""
    if not text.startswith(_STARTS):
        return text
    if text[0] == "+" and text[1:2].isdigit() and all(c.isdigit() or c in _DIALLED for c in text) and "-" not in text:
        return text
    return f"'{text}"
