"""A sheet of any kind becomes lines of JSON, one array of texts a row: run as a process of its own.

Files from outside are hostile: what blows up here takes its own memory and time with it, never the service's.
``python -m callcenter.crm.exchange.convert FILE LINES`` prints what it found as JSON: ``columns``, ``rows``,
``first`` (the line of the first of them), ``encoding``, ``delimiter``, ``sheet``; or ``error``, a stable code, and
exits 1.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callcenter.crm.exchange import limits
from callcenter.crm.exchange.text import text_rows
from callcenter.crm.exchange.workbook import is_workbook, workbook_rows
from callcenter.errors import Invalid


@dataclass(slots=True)
class _Counted:
    """Rows read so far, those that were passed over too."""

    rows: int = 0


def convert(file: Path, lines: Path) -> dict[str, Any]:
    """Writes the rows below the headings to ``lines``. Raises Invalid."""
    if file.stat().st_size > limits.FILE_BYTES:
        raise Invalid("the file is too large", code="sheet_too_large")
    if is_workbook(file):
        about, rows = workbook_rows(file)
    else:
        about, rows = text_rows(file)
    counted = _Counted()
    kept = _kept(rows, counted)
    headings = next(kept, None)
    first = counted.rows + 1
    if headings is None:
        raise Invalid("there is nothing in the file", code="sheet_empty")
    columns = _headings(headings)
    count = 0
    with lines.open("w", encoding="utf-8") as out:
        for row in kept:
            count += 1
            if count > limits.ROWS:
                raise Invalid("the file has too many rows", code="sheet_too_many_rows")
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    if not count:
        raise Invalid("there are headings and nothing below", code="sheet_empty")
    return {**about, "columns": columns, "rows": count, "first": first}


def _kept(rows: Iterable[list[str]], counted: _Counted) -> Iterator[list[str]]:
    """Without empty rows before the headings and cells that hold nothing at the ends of rows."""
    begun = False
    for row in rows:
        counted.rows += 1
        while row and not row[-1].strip():
            row.pop()
        if len(row) > limits.COLUMNS:
            raise Invalid("the file has too many columns", code="sheet_too_many_columns")
        if any(len(cell) > limits.CELL for cell in row):
            raise Invalid("a cell is too long", code="sheet_cell_too_long")
        begun = begun or bool(row)
        if begun:
            yield row


def _headings(row: list[str]) -> list[str]:
    return [" ".join(cell.replace("\0", "").split())[:200] for cell in row]


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (limits.SECONDS, limits.SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (limits.MEMORY_BYTES, limits.MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(arguments: list[str]) -> int:
    _confine()
    try:
        found = convert(Path(arguments[0]), Path(arguments[1]))
    except Invalid as wrong:
        found = {"error": wrong.code}
    except MemoryError:
        found = {"error": "sheet_too_large"}
    except Exception as wrong:
        # The library's own words may quote cells.
        found = {"error": "sheet_unreadable", "kind": type(wrong).__name__}
    sys.stdout.write(json.dumps(found, ensure_ascii=True))
    return 1 if "error" in found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
