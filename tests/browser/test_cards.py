"""A card made, reached, tied, moved on, found again, merged and parted; by keyboard where one works all day."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import picture, sign_in
from tests.browser.test_access import violations
from tests.pbx.job.product import Product

Window = Callable[[], Awaitable[Page]]
OURS: Final = {"X-Requested-With": "callcenter"}


async def made(page: Page, **fields: Any) -> str:
    """A card that is there already."""
    answer = await page.request.post("/api/v1/customers", data=fields, headers=OURS)
    assert answer.status == 201, await answer.text()
    return str((await answer.json())["id"])


_IN_THE_BAR: Final = """() => {
    const [told, bar] = ['.q-notification', 'header'].map(part => document.querySelector(part)?.getBoundingClientRect())
    return told && told.top >= 0 && told.bottom <= bar.bottom
}"""


async def press(control: Locator, key: str = "Enter") -> None:
    await control.focus()
    await control.press(key)


async def reach(page: Page, typed: str, shown: str) -> Locator:
    """One key opens the form, what is typed chooses its kind, one key saves it."""
    await page.keyboard.press("Alt+r")
    form = page.get_by_test_id("reach-form")
    await form.get_by_role("textbox").first.wait_for()
    await page.keyboard.type(typed)
    await page.keyboard.press("Enter")
    await expect(form).to_be_hidden()
    line = page.get_by_test_id("reach").filter(has_text=shown)
    await expect(line).to_be_visible()
    return line


async def found(page: Page, typed: str) -> Locator:
    """What the search of the frame offers."""
    await page.keyboard.press("Control+k")
    await page.keyboard.type(typed)
    return page.get_by_role("option").first


async def describe_and_take_off(page: Page) -> None:
    """A dead address is marked; one that was taken off comes back."""
    await press(page.get_by_role("button", name="Change karina@work.example"))
    form = page.get_by_test_id("reach-form")
    for box in ("Shared by a family or an office", "Does not work"):
        await press(form.get_by_label(box), "Space")
    await press(form.get_by_label("Label"), "Enter")
    await expect(page.get_by_test_id("reach").filter(has_text="karina@work")).to_contain_text("Does not work since")
    await press(page.get_by_role("button", name="Remove karina_s"))
    await expect(page.get_by_test_id("reach").filter(has_text="karina_s")).to_be_hidden()
    told = page.locator(".q-notification").filter(has_text="Removed")
    await press(told.get_by_role("button", name="Undo"))
    await expect(page.get_by_test_id("reach").filter(has_text="karina_s")).to_be_visible()


async def write_on(page: Page) -> None:
    """Status, tag and note, each in the history, which is then cut to what was changed."""
    await page.get_by_label("Status", exact=True).select_option("hot")
    history = page.get_by_role("region", name="History")
    await expect(history).to_contain_text("Status: New → Hot")
    await press(page.get_by_label("Add a tag"), "w")
    await page.keyboard.type("holesale")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Tags").get_by_text("wholesale")).to_be_visible()
    await press(page.get_by_label("Write a note"), "s")
    await page.keyboard.type("ends papers by e-mail")
    await page.keyboard.press("Control+Enter")
    await expect(history).to_contain_text("sends papers by e-mail")
    await press(history.get_by_role("button", name="Filter the history"))
    await press(history.get_by_role("button", name="Changes"))
    await expect(history).to_contain_text("Address added")
    await expect(history).not_to_contain_text("sends papers")
    await expect(page).to_have_url(re.compile(r"\?kinds=change$"))


async def test_a_card_is_made_and_worked_on_without_a_mouse(browser: Window, product: Product) -> None:
    page = await browser()
    await page.emulate_media(reduced_motion="reduce")
    await sign_in(page, "anna")
    await page.goto("/customers")
    await press(page.get_by_role("button", name="Add customer"))
    await expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    await page.keyboard.type("Щербакова Карина")
    for text in ("", "+7 916 400-77-31", "karina@work.example"):
        await page.keyboard.press("Tab")
        await page.keyboard.type(text)
    await page.keyboard.press("Enter")
    await page.get_by_test_id("reaches").wait_for()
    await reach(page, "https://t.me/karina_s", "karina_s")
    await reach(page, "karina@home.example", "karina@home.example")
    await describe_and_take_off(page)
    await write_on(page)
    await page.keyboard.press("Alt+r")
    await page.keyboard.type("karina@")
    light = await violations(page)
    await picture(page, "card-light")
    await page.emulate_media(color_scheme="dark")
    assert (light, await violations(page)) == ([], [])
    await picture(page, "card-dark")
    for typed in ("7731", "Sherbakova Karyna"):
        await expect(await found(page, typed)).to_contain_text("Щербакова Карина")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
    await page.goto("/customers?tag=Wholesale&status=hot")
    await expect(page.locator("[data-row]")).to_have_text(["Щербакова Карина"])
    assert await violations(page) == []


async def test_two_cards_become_one_and_two_again(browser: Window, product: Product) -> None:
    page = await browser()
    await page.emulate_media(reduced_motion="reduce")
    await sign_in(page, "boris")
    firm = await made(page, kind="organisation", name="Verbena Trade")
    numbers = [{"raw": "+7 916 400-77-32"}]
    ours = await made(page, name="Anselmo Verdi", numbers=numbers)
    await made(page, name="Anselm Verdi", numbers=numbers, email="anselmo@verbena.example")
    await page.goto(f"/customers/{ours}")
    await page.get_by_role("button", name="Add an organisation").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("searchbox").fill("Verbena")
    await dialog.get_by_label("Verbena Trade").check()
    await dialog.get_by_label("Role").fill("buyer")
    assert await violations(page) == []
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("People and organisations")).to_contain_text(re.compile(r"Verbena Trade\s*buyer"))
    await page.get_by_role("button", name="Compare").click()
    await expect(page.get_by_test_id("merge-form")).to_contain_text("anselmo@verbena.example")
    assert await violations(page) == []
    await picture(page, "card-merge")
    await page.get_by_role("button", name="Merge", exact=True).click()
    await expect(page.get_by_test_id("reach").filter(has_text="anselmo@verbena.example")).to_be_visible()
    await page.get_by_role("button", name="Undo the merge").click()
    await expect(page.get_by_test_id("reach").filter(has_text="anselmo@verbena.example")).to_be_hidden()
    await expect(page.get_by_test_id("card-extras")).to_contain_text("may be the same customer")
    await page.get_by_role("link", name="Verbena Trade").click()
    await expect(page.get_by_role("heading", name="Verbena Trade")).to_be_attached()
    await expect(page.get_by_label("People and organisations")).to_contain_text(re.compile(r"Anselmo Verdi\s*buyer"))
    await expect(page).to_have_url(re.compile(f"{firm}$"))


async def test_what_is_told_of_a_change_covers_nothing_of_the_card(browser: Window, product: Product) -> None:
    page = await browser()
    await page.emulate_media(reduced_motion="reduce")
    await sign_in(page, "boris")
    await page.goto(f"/customers/{await made(page, name='Beata Verdi', email='beata@verbena.example')}")
    await page.get_by_role("button", name="Remove beata").click()
    told, search = page.locator(".q-notification"), page.get_by_role("banner").get_by_role("combobox")
    await expect(told).to_contain_text("Removed beata@verbena.example")
    await page.wait_for_function(_IN_THE_BAR)
    await picture(page, "card-told")
    await search.click()
    await page.keyboard.type("Be")
    await expect(told).to_be_hidden()
    await search.fill("")
    await told.get_by_role("button", name="Undo").click()
    await expect(page.get_by_test_id("reach").filter(has_text="beata@")).to_be_visible()
