"""The administrator's map page, with a real PBX behind it: what is strange is shown, and named in one click."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.browser.conftest import picture, sign_in
from tests.browser.test_access import violations
from tests.browser.test_day import plug
from tests.lab.phones import Floor
from tests.pbx.job.product import Product
from tests.until import until_async

Window = Callable[[], Awaitable[Page]]
STRANGER = "PJSIP/anonymous"
"""The door that the laboratory's customers come through."""


async def strange(page: Page) -> bool:
    """Whether the page, loaded anew, shows a channel that no rule fits."""
    await page.reload()
    await page.get_by_test_id("survey").wait_for()
    return await page.get_by_test_id("unknown-channels").get_by_text(STRANGER, exact=True).count() > 0


async def test_a_strange_channel_is_named_and_a_number_gets_the_words_agents_read(
    browser: Window, floor: Floor, product: Product
) -> None:
    page = await browser()
    await sign_in(page, "admin")
    await page.goto("/admin/pbx")
    await page.get_by_role("button", name=f"Remove {STRANGER}").click()
    await expect(page.get_by_test_id("effect")).to_contain_text(f"{STRANGER}: Trunk to the outside → Not classified")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_test_id("effect")).to_be_hidden()

    waiting = floor.caller("79161240077", "7001", patience_ms=12_000)
    await until_async(lambda: strange(page), 30, "the stranger on the page")
    assert await violations(page) == []
    await picture(page, "map-unknown")
    await page.get_by_role("group", name=f"What {STRANGER} is").get_by_role("button", name=re.compile("^Trunk")).click()
    await expect(page.get_by_test_id("unknown-channels")).to_be_hidden()
    await until_async(waiting.ended, 20, "the caller giving up")

    await page.get_by_role("tab", name="Our numbers").click()
    await page.get_by_label("Name of 7001").fill("Support line")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    anna = await browser()
    await sign_in(anna, "anna", "101")
    await expect(anna.get_by_test_id("presence")).to_have_attribute("data-state", "available")
    plug(floor, "101", answer_ms=8000)
    floor.caller("79161240078", "7001", patience_ms=6000)
    await expect(anna.get_by_test_id("pop")).to_contain_text("Support line")
    await picture(anna, "map-labelled-pop")
