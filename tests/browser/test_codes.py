"""The outcome form by keys alone: a group opened, a gap of the card filled, a second stroke, and spam that goes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.conftest import picture, sign_in
from tests.browser.test_access import violations
from tests.lab.phones import Floor
from tests.pbx.job.product import Desk, Product
from tests.until import until_async

Window = Callable[[], Awaitable[Page]]
SOLD, SPAM, LEASED = "79161246001", "79161246002", "79161246003"


@pytest_asyncio.fixture(loop_scope="session")
async def several(product: Product) -> AsyncIterator[Desk]:
    """The administrator; a direct call may have two further codes, and one code asks for an address."""
    admin = Desk(product, "admin")
    await admin.sign_in()
    usual = await admin.request("GET", "/outcome-rules")
    await admin.request("PUT", "/outcome-rules", {**usual, "direct": {**usual["direct"], "extras": 2}})
    leased = await make(admin, "leased", needs=["email"])
    yield admin
    await admin.request("PUT", "/outcome-rules", usual)
    await admin.request("PATCH", f"/outcomes/{leased['id']}", {"active": False})
    await admin.close()


async def make(admin: Desk, code: str, **rules: Any) -> dict[str, Any]:
    return dict(await admin.request("POST", "/outcomes", {"code": code, "labels": {"en": code.title()}, **rules}))


async def owing(page: Page, floor: Floor, number: str) -> None:
    """Boris has talked with him, and owes."""
    floor.caller(number, "7102", talk_ms=800)
    await expect(page.get_by_test_id("outcome-form")).to_have_class("outcome owed", timeout=20_000)


async def cards(desk: Desk, number: str) -> list[Any]:
    return list((await desk.request("GET", f"/customers?q={number}"))["items"])


async def test_codes_by_keys_alone(browser: Window, floor: Floor, product: Product) -> None:
    admin, page = Desk(product, "admin"), await browser()
    await admin.sign_in()
    group = await make(admin, "sales", group=True, key=7)
    texts = {"en": {"subject": "Your order", "text": "Hello {customer}, thank you. {agent}"}}
    thanks = await admin.request("POST", "/message-templates", {"name": "Thanks", "kind": "email", "texts": texts})
    contract = {"code": "contract", "labels": {"en": "Contract"}, "kind": "text"}
    field = await admin.request("POST", "/card-fields", contract)
    asks = {"needs": ["email", "own:contract"], "confirm": True, "template_id": thanks["id"]}
    sold = await make(admin, "sold", parent_id=group["id"], key=8, **asks)
    await sign_in(page, "boris", "102")
    floor.phone("102", answer_ms=300)
    await sells(page, floor)
    (card,) = await cards(admin, SOLD)
    said = await admin.request("GET", f"/customers/{card['id']}")
    assert (said["email"], said["fields"]) == ("olga@example.com", {"contract": "A-17"})
    assert card["last_outcome"] == "sold"
    await sends(page)
    await is_spammed(page, floor, admin)
    await is_arranged(await browser())
    for code in (sold, group):
        await admin.request("PATCH", f"/outcomes/{code['id']}", {"active": False, "key": None})
    await admin.request("PATCH", f"/card-fields/{field['id']}", {"active": False})
    await admin.close()


async def writes_half(page: Page) -> None:
    """The further codes, an address for the card and a call back at six, each kept before the next."""
    form = page.get_by_test_id("outcome-form")
    await form.get_by_role("radio", name="Leased").check()
    await form.get_by_test_id("extra-codes").locator("summary").click()
    for name in ("Order", "Solved"):
        await form.get_by_test_id("extra-codes").get_by_label(name).check()
    await form.get_by_label("E-mail").fill("olga@example.com")
    await form.get_by_label("Call back on").check()
    await form.get_by_label("Time", exact=True).fill("18:00")
    await form.get_by_role("textbox", name="Comment").fill("two chairs")
    await expect(form.get_by_role("status").first).to_have_text("Draft kept")


async def is_half_written(page: Page) -> None:
    form = page.get_by_test_id("outcome-form")
    await expect(form.get_by_role("radio", name="Leased")).to_be_checked()
    await expect(form.get_by_text("Also: 2 of 2 more")).to_be_visible()
    await expect(form.get_by_label("E-mail")).to_have_value("olga@example.com")
    await expect(form.get_by_label("Time", exact=True)).to_have_value("18:00")
    await expect(form.get_by_role("textbox", name="Comment")).to_have_value("two chairs")


async def test_all_of_a_half_written_outcome_outlives_tab_and_service(
    browser: Window, floor: Floor, product: Product, several: Desk
) -> None:
    page = await browser()
    await sign_in(page, "boris", "102")
    floor.phone("102", answer_ms=300)
    await owing(page, floor, LEASED)
    await writes_half(page)
    await page.reload()
    await is_half_written(page)
    product.stop()
    product.start()
    second = await page.context.new_page()
    await second.goto("/")
    await is_half_written(second)
    await second.keyboard.press("Control+Enter")
    await expect(second.get_by_test_id("outcome-form")).to_be_hidden()
    (call,) = (await several.request("GET", f"/calls?number=%2B{LEASED}"))["items"]
    (part,) = [one for one in call["segments"] if one["outcome"]]
    assert (part["outcome"], part["outcome_extras"], part["outcome_comment"]) == (
        "leased",
        ["order", "solved"],
        "two chairs",
    )


async def to_the_end(page: Page) -> None:
    """Where the button that stays in sight covers no field halfway."""
    await page.locator(".desk .right").evaluate("side => side.scrollTo(0, side.scrollHeight)")


async def sells(page: Page, floor: Floor) -> None:
    """A group is opened and shut, a gap of the card filled, and a second stroke logs it."""
    await owing(page, floor, SOLD)
    form = page.get_by_test_id("outcome-form")
    await expect(form.get_by_role("button", name="Sales")).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("7")
    await expect(form.get_by_role("radio", name="Sold")).to_be_hidden()
    await page.keyboard.press("8")
    await expect(form.get_by_role("radio", name="Sold")).to_be_checked()
    await page.keyboard.press("Control+Enter")
    await expect(form.get_by_role("alert")).to_have_text("Still empty: E-mail, Contract.")
    await expect(form.get_by_label("E-mail")).to_be_focused()
    await picture(page, "outcome-gaps")
    await to_the_end(page)
    assert await violations(page) == []
    await page.keyboard.type("olga@example.com")
    await page.keyboard.press("Tab")
    await page.keyboard.type("A-17")
    await page.keyboard.press("Control+Enter")
    await expect(form.get_by_role("button", name="Really: Sold?")).to_be_visible()
    await page.keyboard.press("Control+Enter")
    await expect(form).to_be_hidden()


async def sends(page: Page) -> None:
    """What the outcome made ready is looked at, and copied by one key."""
    ready = page.get_by_test_id("prepared")
    await ready.get_by_role("button", name="Thanks").first.click()
    await expect(page.get_by_role("dialog")).to_contain_text("olga@example.com")
    await picture(page, "message-ready")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.keyboard.press("Alt+y")
    await expect(ready).to_be_hidden()


async def is_withdrawn(page: Page, admin: Desk) -> None:
    """A code is switched off while it is chosen: that is told, and what was written stays."""
    form = page.get_by_test_id("outcome-form")
    lent = await make(admin, "lent", key=9)
    await expect(form.get_by_role("radio", name="Lent")).to_be_visible()
    await page.keyboard.press("9")
    await form.get_by_role("textbox", name="Comment").fill("two chairs")
    await admin.request("PATCH", f"/outcomes/{lent['id']}", {"active": False, "key": None})
    await expect(form.get_by_test_id("withdrawn")).to_contain_text("“Lent” is no longer offered")
    await expect(form.get_by_role("textbox", name="Comment")).to_have_value("two chairs")
    await picture(page, "outcome-withdrawn")
    await form.get_by_role("heading").first.click()


async def is_spammed(page: Page, floor: Floor, admin: Desk) -> None:
    """One key, and the same once more: the number is blocked, and the card that the call made goes."""
    await owing(page, floor, SPAM)
    await is_withdrawn(page, admin)
    form = page.get_by_test_id("outcome-form")
    await expect(form.get_by_test_id("stroke-spam")).to_be_enabled()
    await page.keyboard.press("Shift+Digit2")
    await expect(form.get_by_test_id("stroke-spam")).to_contain_text("Really: Spam?")
    await picture(page, "outcome-one-stroke")
    assert len(await cards(admin, SPAM)) == 1
    await page.keyboard.press("Shift+Digit2")
    await expect(form).to_be_hidden()

    async def gone() -> bool:
        return await cards(admin, SPAM) == []

    await until_async(gone, 20, "the spammer's card going")
    blocked = await admin.request("GET", f"/blocked-numbers?number=%2B{SPAM}")
    assert [item["reason"] for item in blocked["items"]] == ["spam"]


async def is_arranged(office: Page) -> None:
    """The administrator takes a code out of its group by keys."""
    await sign_in(office, "admin")
    await office.goto("/admin/outcomes")
    row = office.get_by_test_id("code-tree").get_by_role("button", name="Sold").first
    await row.focus()
    await office.keyboard.press("Shift+ArrowLeft")
    await expect(office.locator("tr[data-code=sold] [aria-label='Move Sold out of its group']")).to_be_hidden()
    await expect(row).to_be_focused()
    await picture(office, "outcome-tree")
    assert await violations(office) == []
