"""CSV as offices make it: in any of their encodings, between any of their separators."""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from callcenter.crm.exchange import limits
from callcenter.errors import Invalid

_SAMPLE: Final = 256 * 1024
_SEPARATORS: Final = (";", "\t", ",", "|")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_rows(file: Path) -> tuple[dict[str, Any], Iterator[list[str]]]:
    """What the file is, and its rows. Raises Invalid when it is no text."""
    data = file.read_bytes()
    encoding = sniff_encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise Invalid("the file is no text", code="sheet_unreadable") from None
    if "\0" in text[:_SAMPLE]:
        raise Invalid("the file is no text", code="sheet_unreadable")
    text, told = _told_separator(text)
    separator = told or sniff_separator(text[:_SAMPLE])
    return {"encoding": encoding, "delimiter": separator, "sheet": ""}, _rows(text, separator)


def sniff_encoding(data: bytes) -> str:
    """By its mark; without one UTF-16 shows by its zeros, UTF-8 by being valid, and the rest is Windows'."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    sample = data[:_SAMPLE]
    if sample and sample.count(0) > len(sample) // 5:
        return "utf-16-le" if sample[1::2].count(0) >= sample[0::2].count(0) else "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _windows(sample)
    return "utf-8"


def _windows(sample: bytes) -> str:
    """Cyrillic words are letters above 0xC0 in a row; in Western ones they stand alone."""
    high = [byte >= 0xC0 or byte in (0xA8, 0xB8) for byte in sample]
    pairs = sum(first and second for first, second in itertools.pairwise(high))
    if pairs * 2 >= sum(high):
        return "cp1251"
    turkish = sum(sample.count(byte) for byte in (0xD0, 0xDD, 0xDE, 0xF0, 0xFD, 0xFE))
    return "cp1254" if turkish else "cp1252"


def sniff_separator(sample: str) -> str:
    """The one that cuts most of the first lines into the same number of more than one cell."""
    best, best_score = ",", 0.0
    for separator in _SEPARATORS:
        widths = [len(row) for row, _ in zip(_rows(sample, separator, strict=False), range(50), strict=False) if row]
        if not widths:
            continue
        width = max(set(widths), key=widths.count)
        score = widths.count(width) / len(widths) * min(width - 1, 5) if width > 1 else 0.0
        if score > best_score:
            best, best_score = separator, score
    return best


def _told_separator(text: str) -> tuple[str, str]:
    """Excel writes ``sep=;`` as the first line and reads it back."""
    first, newline, rest = text.partition("\n")
    told = first.strip().lower()
    if newline and told.startswith("sep=") and told[4:] in (";", ",", "|", ""):
        return rest, told[4:] or "\t"
    return text, ""


def _rows(text: str, separator: str, *, strict: bool = True) -> Iterator[list[str]]:
    csv.field_size_limit(limits.CELL * 4)
    reader = csv.reader(_lines(text), delimiter=separator)
    try:
        yield from reader
    except csv.Error:
        if strict:
            raise Invalid("the file breaks off inside a quoted cell", code="sheet_unreadable") from None


def _lines(text: str) -> Iterator[str]:
    """Without copying the whole text into a list."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        if end < 0:
            old = text[start:].replace("\r\n", "\n")
            yield from old.splitlines(keepends=True)
            return
        line = text[start : end + 1]
        yield from (line.splitlines(keepends=True) if "\r" in line[:-2] else (line,))
        start = end + 1
