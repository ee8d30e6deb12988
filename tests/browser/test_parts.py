"""A call of which two files were kept, heard as one: over the border between them, and from a line of the second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.second_file import GAP_S, SECONDS, a_second_file
from tests.browser.test_listening import recorded
from tests.lab.phones import Floor
from tests.pbx.job.product import Desk, Product
from tests.until import until_async

Window = Callable[[], Awaitable[Page]]
_CURRENT = "xpath=self::*[@aria-current]"


async def test_two_files_play_as_one_and_the_clock_and_the_words_follow(
    browser: Window, floor: Floor, product: Product
) -> None:
    call = await recorded(floor, product)
    await a_second_file(product, call)
    page = await browser()
    await sign_in(page, "sofia")
    await page.goto(f"/recordings/{call['recordings'][0]['id']}")
    said = page.locator(".said li")
    refund = said.filter(has_text="refund for my order")
    await expect(refund).to_have_count(1)
    await over_the_border(page, said)
    await from_a_line_of_the_second(page, said, refund)
    await back_into_the_first(page, said)
    await the_second_was_heard_from_its_beginning(product, call)


async def over_the_border(page: Page, said: Locator) -> None:
    """A second before the first file's end it is played; the gap is passed over, and the second file's first words
    are marked while they are heard, the clock being there."""
    lines = await said.count()
    border = seconds(await said.nth(lines - 2).get_by_role("button").inner_text())
    position = page.get_by_label("Position")
    await expect(page.get_by_test_id("gap")).to_have_count(1)
    await expect(page.locator(".band canvas").first).to_be_visible()
    await position.fill(str(border - GAP_S - 2))
    assert await clock(page) <= border - GAP_S
    await expect(said.locator(_CURRENT)).to_have_count(1)
    await expect(said.nth(lines - 2)).not_to_have_attribute("aria-current", "true")
    await page.get_by_role("button", name="Play", exact=True).click()
    await expect(said.nth(lines - 2)).to_have_attribute("aria-current", "true")
    assert border <= await clock(page) <= border + 1
    await expect(said.locator(_CURRENT)).to_have_count(1)
    await expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=2_000 * SECONDS)
    assert await clock(page) >= border + 2
    await expect(said.last).to_have_attribute("aria-current", "true")


async def from_a_line_of_the_second(page: Page, said: Locator, refund: Locator) -> None:
    """It is played from there, to the second."""
    button = refund.get_by_role("button")
    begins = seconds(await button.inner_text())
    await button.click()
    await expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    await page.keyboard.press("Space")
    await expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert begins <= await clock(page) <= begins + 2
    await expect(refund).to_have_attribute("aria-current", "true")
    await expect(said.locator(_CURRENT)).to_have_count(1)


async def back_into_the_first(page: Page, said: Locator) -> None:
    """The same two files the other way round."""
    first = said.first.get_by_role("button")
    begins = seconds(await first.inner_text())
    await first.click()
    await expect(said.first).to_have_attribute("aria-current", "true")
    await expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    await page.keyboard.press("Space")
    await expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert begins <= await clock(page) <= begins + 2


async def the_second_was_heard_from_its_beginning(product: Product, call: dict[str, Any]) -> None:
    """What the player tells the trail is what came out of it: of the second file, too, and nothing of it was lost at
    the border."""
    admin = Desk(product, "admin")
    await admin.sign_in()
    files = (await admin.request("GET", f"/calls/{call['id']}"))["recordings"]
    (second,) = (one["id"] for one in files if one["id"] != call["recordings"][0]["id"])

    async def heard() -> list[str]:
        lines = (await admin.request("GET", f"/audit?thing_id={second}"))["items"]
        return [part for line in lines if line["verb"] == "heard" for part in line["details"]["parts"]]

    parts = await until_async(heard, 10, "the parts of the second file")
    assert any(part.startswith("0:00-") for part in parts)
    await admin.close()


async def clock(page: Page) -> int:
    return seconds(await page.get_by_label("Position").get_attribute("aria-valuetext") or "")


def seconds(told: str) -> int:
    """Of ``1:02``."""
    minutes, rest = told.strip().split(":")
    return 60 * int(minutes) + int(rest)
