"""Files of every office are read; those that mean harm are refused with one clear word."""

from __future__ import annotations

import asyncio
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from callcenter.crm.exchange import limits
from callcenter.crm.exchange.cells import safe
from callcenter.crm.exchange.columns import propose
from callcenter.crm.exchange.convert import convert
from callcenter.crm.exchange.lines import Shelf
from callcenter.crm.exchange.text import sniff_encoding
from callcenter.errors import Invalid
from callcenter.ids import new_id

WORDS = "Имя;Телефон\nИван Ёлкин;+79161234567\nАнна Щукина;+79161234568\n"


def read(folder: Path, data: bytes) -> tuple[dict[str, Any], list[list[str]]]:
    file, lines = folder / "sheet", folder / "lines"
    file.write_bytes(data)
    found = convert(file, lines)
    return found, [json.loads(line) for line in lines.read_text().splitlines()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_any_encoding_and_separator(tmp_path: Path, encoding: str, separator: str) -> None:
    found, rows = read(tmp_path, WORDS.replace(";", separator).encode(encoding))
    assert found["columns"] == ["Имя", "Телефон"]
    assert rows[0] == ["Иван Ёлкин", "+79161234567"]
    assert (found["delimiter"], found["encoding"].split("-")[0]) == (separator, encoding.split("-")[0])


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Müller;Straße\nRenée;Èze\n", "cp1252"), ("Əli", "utf-8"), ("Şükür Çığır;İlqar Doğan\n", "cp1254")],
)
def test_western_and_turkish_letters(text: str, encoding: str) -> None:
    assert sniff_encoding(text.encode(encoding)) == encoding


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('a,b\n"x, y","line\nbreak"\n', [["x, y", "line\nbreak"]]),
        ("sep=;\na;b\n1,5;2\n", [["1,5", "2"]]),
        ("\n\n a ; b \n1;2\n\n3\n", [["1", "2"], [], ["3"]]),
        ("a;b\r\n1;2\r\n", [["1", "2"]]),
        ("a;b\r1;2\r", [["1", "2"]]),
        ('a\tb\n"he said ""hi"""\t2\n', [['he said "hi"', "2"]]),
    ],
)
def test_quotes_breaks_and_empty_lines(tmp_path: Path, text: str, rows: list[list[str]]) -> None:
    assert read(tmp_path, text.encode())[1] == rows


def test_a_workbook_keeps_the_digits_of_numbers(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    book.add_worksheet("empty")
    page = book.add_worksheet("Клиенты")
    for row, cells in enumerate([["Имя", "Телефон"], ["Иван", 79161234567], ["Анна", "=1+1"]]):
        page.write_row(row, 0, cells)
    book.close()
    found, rows = read(tmp_path, (tmp_path / "a.xlsx").read_bytes())
    assert (found["sheet"], found["columns"], rows[0]) == ("Клиенты", ["Имя", "Телефон"], ["Иван", "79161234567"])


def bomb(folder: Path, cells: str, repeat: int = 1) -> bytes:
    """A real workbook whose sheet is replaced."""
    file = folder / "real.xlsx"
    book = xlsxwriter.Workbook(str(file))
    book.add_worksheet().write_string(0, 0, "a")
    book.close()
    out = folder / "bomb.xlsx"
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            inside = part.filename == "xl/worksheets/sheet1.xml"
            head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            text = head + cells * repeat + "</sheetData></worksheet>"
            new.writestr(part.filename, text if inside else old.read(part))
    return out.read_bytes()


FAR = '<row r="{0}"><c r="{1}{0}" t="inlineStr"><is><t>x</t></is></c></row>'


@pytest.mark.parametrize(
    ("cells", "repeat", "code"),
    [
        (FAR.format(1048576, "A"), 1, "sheet_too_many_rows"),
        (FAR.format(1, "XFD"), 1, "sheet_too_many_columns"),
        ("<row><c><v>0</v></c></row>", 1_000_000, "sheet_too_large"),
    ],
)
def test_workbooks_that_blow_up_are_refused_before_they_do(tmp_path: Path, cells: str, repeat: int, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(tmp_path, bomb(tmp_path, cells, repeat))
    assert refused.value.code == code


HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "sheet_empty"),
    "headings only": (b"a;b\n", "sheet_empty"),
    "blanks": (b"\n\n ; \n", "sheet_empty"),
    "a million columns": (b"," * 1_000_000 + b"x\n1\n", "sheet_too_many_columns"),
    "a cell of a megabyte": (b"a\n" + b"x" * 1_000_000 + b"\n", "sheet_unreadable"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "sheet_unreadable"),
    "half an archive": (b"PK\x03\x04" + b"\0" * 200, "sheet_unreadable"),
    "an old workbook's beginning": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "sheet_unreadable"),
    "too many rows": (b"a\n" + b"1\n" * (limits.ROWS + 1), "sheet_too_many_rows"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_files_are_refused_with_one_word_and_leave_nothing(tmp_path: Path, name: str) -> None:
    data, code = HOSTILE[name]
    shelf, id = Shelf(folder=tmp_path / "imports"), new_id()

    async def pieces() -> Any:
        yield data

    await shelf.receive(id, pieces())
    with pytest.raises(Invalid) as refused:
        await shelf.convert(id)
    assert refused.value.code == code
    assert await asyncio.to_thread(lambda: list((tmp_path / "imports").iterdir())) == []


async def test_a_file_that_is_too_large_is_not_even_kept(tmp_path: Path) -> None:
    shelf, id = Shelf(folder=tmp_path / "imports"), new_id()

    async def pieces() -> Any:
        for _ in range(limits.FILE_BYTES // 1_000_000 + 1):
            yield bytes(1_000_000)

    with pytest.raises(Invalid) as refused:
        await shelf.receive(id, pieces())
    assert (refused.value.code, shelf.path(id, "sheet").exists()) == ("sheet_too_large", False)


@pytest.mark.parametrize(
    ("headings", "fields"),
    [
        (["First Name", "Last Name", "Phone", "E-mail"], ["first_name", "last_name", "phone", "email"]),
        (["Фамилия", "Имя", "Телефон (моб.)", "Эл. почта"], ["last_name", "first_name", "phone", "email"]),
        (["Имя", "Номер телефона", "Примечание"], ["name", "phone", "note"]),
        (["Nome e cognome", "Cellulare", "Indirizzo", "Azienda"], ["name", "phone", "address", "organisation"]),
        (["Ad, soyad", "Ad Soyad", "Mobil nömrə", "E-poçt", "Ünvan"], ["", "name", "phone", "email", "address"]),
        (["Adı", "Soyadı", "Telefon", "Qeyd", "Şirkət"], ["first_name", "last_name", "phone", "note", "organisation"]),
        (["phone_number", "Full_Name", "id", "", "VIP"], ["phone", "name", "", "", "vip"]),
        (["Name", "Customer", "Phone 1", "Phone 2"], ["name", "", "phone", "phone"]),
    ],
)
def test_headings_of_four_languages_are_understood(headings: list[str], fields: list[str]) -> None:
    assert propose(headings) == fields


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ("+79161234567", "+79161234567"),
        ("+7-916", "'+7-916"),
        ("Anna", "Anna"),
    ],
)
def test_nothing_is_computed_by_whoever_opens_an_export(cell: str, shown: str) -> None:
    assert safe(cell) == shown


@given(st.text(max_size=40))
def test_no_text_becomes_a_formula(text: str) -> None:
    shown = safe(text)
    assert not shown.startswith(("=", "-", "@", "\t", "\r", "\n"))
