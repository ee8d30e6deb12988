"""XLSX, XLS and ODS. A workbook is a packed archive: it is measured before it is unpacked."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

from callcenter.crm.exchange import limits
from callcenter.errors import Invalid

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CELL: Final = re.compile(rb'\br="([A-Z]{1,4})(\d{1,9})"')
_PIECE: Final = 1024 * 1024
_SHEETS: Final = re.compile(r"(?:xl/worksheets/[^/]+\.xml)$")


def is_workbook(file: Path) -> bool:
    """By what stands in it, not by its name."""
    with file.open("rb") as opened:
        return opened.read(8).startswith((_ZIP, _OLE))


def workbook_rows(file: Path) -> tuple[dict[str, Any], Iterator[list[str]]]:
    """The first sheet with anything in it. Raises Invalid."""
    if zipfile.is_zipfile(file):
        _measure(file)
    try:
        book = CalamineWorkbook.from_path(str(file))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.height * sheet.width > limits.ROWS * limits.COLUMNS:
                raise Invalid("the sheet is too large", code="sheet_too_large")
            if sheet.height:
                about = {"encoding": "workbook", "delimiter": "", "sheet": name[:100]}
                return about, ([_text(cell) for cell in row] for row in sheet.iter_rows())
    except CalamineError:
        raise Invalid("the workbook is damaged or locked by a password", code="sheet_unreadable") from None
    raise Invalid("there is nothing in the workbook", code="sheet_empty")


def _measure(file: Path) -> None:
    """Refuses what is small on disk and boundless in memory."""
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        unpacked = sum(part.file_size for part in parts)
        packed = max(1, sum(part.compress_size for part in parts))
        if len(parts) > limits.PARTS or unpacked > limits.UNPACKED_BYTES:
            raise Invalid("the workbook is too large when unpacked", code="sheet_too_large")
        if unpacked > _PIECE and unpacked / packed > limits.UNPACKED_RATIO:
            raise Invalid("the workbook is too large when unpacked", code="sheet_too_large")
        for part in parts:
            if _SHEETS.search(part.filename) or part.filename == "content.xml":
                _measure_sheet(archive, part)


def _measure_sheet(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """One cell at the far corner makes a reader lay out the whole plane before it."""
    read, rest = 0, b""
    with archive.open(part) as opened:
        while piece := opened.read(_PIECE):
            read += len(piece)
            if read > limits.UNPACKED_BYTES:
                raise Invalid("the workbook is too large when unpacked", code="sheet_too_large")
            text = rest + piece
            for letters, row in _CELL.findall(text):
                if int(row) > limits.ROWS + 1:
                    raise Invalid("the file has too many rows", code="sheet_too_many_rows")
                if len(letters) > 2 or _column(letters) > limits.COLUMNS:
                    raise Invalid("the file has too many columns", code="sheet_too_many_columns")
            rest = text[-64:]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _text(cell: Any) -> str:
    """As it stands on the screen: a number in a cell is whole, whatever the file calls it."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e16:
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(sep=" ")
    return str(cell)
