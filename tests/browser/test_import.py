"""A supervisor brings her list: chosen, understood, checked, imported, taken back; axe finds nothing on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import picture, sign_in
from tests.browser.test_access import violations
from tests.pbx.job.product import Product

Window = Callable[[], Awaitable[Page]]
LIST = (
    "ФИО;Телефон;Эл. почта;Компания;Заметка\n"
    "Зоя Импортная;8 (903) 123-45-67;zoya@example.com;Ромашка;из списка\n"
    "Пётр Импортный;7.9161E+10;;;\n"
    ";7.9161E+10;;;\n"
    "Лев Импортный;112;не адрес;;\n"
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_list_becomes_customers_and_is_taken_back(
    browser: Window, product: Product, tmp_path: Path, scheme: Any
) -> None:
    file = tmp_path / f"клиенты-{scheme}.csv"
    file.write_bytes(LIST.encode("cp1251"))
    page = await browser()
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await sign_in(page, "admin")
    await page.goto("/customers")
    await page.get_by_role("link", name="Import").click()
    await page.get_by_text("Drop a list here").wait_for()
    found = {"choose": await violations(page)}
    await page.locator("input[type=file]").set_input_files(file)
    await expect(page.get_by_label("What Телефон means")).to_have_value("phone")
    await page.get_by_label("Numbers without a country are from").select_option("RU")
    found["mapping"] = await violations(page)
    await picture(page, f"import-mapping-{scheme}")
    await page.get_by_role("button", name="Check the file").click()
    await page.get_by_text("Doubtful cells · 4").wait_for()
    await expect(page.get_by_text("+7 903 123-45-67")).to_be_visible()
    found["check"] = await violations(page)
    await picture(page, f"import-check-{scheme}")
    await page.get_by_role("button", name="Import 4 rows").click()
    await page.get_by_text("What became of the rows").wait_for()
    await expect(page.get_by_role("link", name="Refused rows as a sheet")).to_be_visible()
    found["result"] = await violations(page)
    await picture(page, f"import-result-{scheme}")
    await page.get_by_role("button", name="Undo the import").click()
    await page.get_by_role("button", name="Undo it").click()
    await page.get_by_text("removed", exact=False).first.wait_for()
    found["undone"] = await violations(page)
    await picture(page, f"import-undone-{scheme}")
    assert {name: broken for name, broken in found.items() if broken} == {}


async def test_a_picture_is_no_list(browser: Window, product: Product, tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"PK\x03\x04" + bytes(200))
    page = await browser()
    await sign_in(page, "admin")
    await page.goto("/customers/import")
    await page.locator("input[type=file]").set_input_files(file)
    await expect(page.get_by_role("alert")).to_contain_text("no readable CSV")


async def test_who_bears_a_customers_name_is_shown_and_left_out(
    browser: Window, product: Product, tmp_path: Path
) -> None:
    file = tmp_path / "namesakes.csv"
    file.write_text("Name;Phone\nТёзкина Вера;8 (903) 555-00-12\nNova Namesakeless;8 (903) 555-00-13\n")
    page = await browser()
    await sign_in(page, "admin")
    vera = {"name": "Вера Тёзкина", "numbers": [{"raw": "+79035550011"}]}
    made = await page.request.post("/api/v1/customers", data=vera, headers={"X-Requested-With": "callcenter"})
    assert made.status == 201, await made.text()
    await page.goto("/customers/import")
    await page.locator("input[type=file]").set_input_files(file)
    await page.get_by_role("button", name="Check the file").click()
    alike = page.get_by_role("region", name="Perhaps the same customer").first
    await expect(alike.get_by_role("link", name="Вера Тёзкина")).to_be_visible()
    await alike.get_by_label("Leave these rows out").check()
    found = await violations(page)
    await picture(page, "import-namesakes")
    await page.get_by_role("button", name="Import 2 rows").click()
    await page.get_by_text("What became of the rows").wait_for()
    await page.get_by_role("combobox", name="Rows").select_option("skipped")
    await expect(page.get_by_text("a customer bears this name: left out as chosen")).to_be_visible()
    assert found == []
