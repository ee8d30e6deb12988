"""A small table as a file to download: text in columns, CSV or XLSX."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from callcenter.crm.exchange.api_exports import TYPES
from callcenter.crm.exchange.export import Workbook, csv_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


async def answer(sheet: Sheet, format: str, name: str) -> web.Response:
    """The sheet as a file to download."""
    body = await asyncio.to_thread(_csv if format == "csv" else _xlsx, sheet)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"'}
    return web.Response(body=body, content_type=TYPES[format], headers=headers)


def _csv(sheet: Sheet) -> bytes:
    return b"\xef\xbb\xbf" + csv_lines([sheet.headings, *sheet.rows])


def _xlsx(sheet: Sheet) -> bytes:
    with tempfile.TemporaryDirectory(prefix="callcenter-sheet-") as folder:
        file = Path(folder) / "sheet.xlsx"
        book = Workbook(file, sheet.headings)
        book.add(sheet.rows)
        book.close()
        return file.read_bytes()
