"""Where a call goes, decided and tried on the screen; and a supervisor who blocks a number."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_access import violations

Window = Callable[[], Awaitable[Page]]


async def test_hours_are_kept_to_by_a_queue_and_tried_at_night(browser: Window) -> None:
    page = await browser()
    await sign_in(page, "admin")
    await page.goto("/admin/hours")
    await page.get_by_role("button", name="New calendar").click()
    await page.get_by_role("button", name="Add hours Saturday").click()
    await page.get_by_label("Saturday: closes at").fill("00:00")
    await page.get_by_role("button", name="Add a holiday").click()
    await page.get_by_label("Date: Holiday").fill("2026-12-25")
    await page.get_by_label("Name: 2026-12-25").fill("Christmas")
    assert await violations(page) == []
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()
    await page.goto("/admin/routing")
    queue = page.locator('[data-row-of$="/support"]')
    await queue.get_by_role("button").first.click()
    await queue.get_by_label("Open by the calendar").select_option(label="Office")
    await queue.get_by_label("Outside them").select_option("call_back")
    async with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()
    trial = page.get_by_test_id("trial")
    await trial.get_by_label("When").fill("2026-12-25T12:00")
    await trial.get_by_role("button", name="Try it").click()
    await expect(page.get_by_test_id("answer")).to_contain_text("Holiday: Christmas")
    await expect(page.get_by_test_id("answer")).to_contain_text("He is told so and called back")
    assert await violations(page) == []
    await queue.get_by_label("Open by the calendar").select_option("")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()


async def test_a_supervisor_blocks_a_number_and_lets_it_through_again(browser: Window) -> None:
    page = await browser()
    await sign_in(page, "sofia")
    await page.goto("/admin/blocked?number=%2B12025550199")
    form = page.get_by_test_id("block-form")
    await form.get_by_label("For how long").select_option("week")
    assert await violations(page) == []
    await form.get_by_role("button", name="Block").click()
    row = page.get_by_test_id("blocked").get_by_role("row").filter(has_text="202-555-0199")
    await expect(row).to_contain_text("Advertising")
    await row.get_by_role("button", name="Change").click()
    await form.get_by_label("Reason").select_option("fraud")
    await form.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("Fraud")
    await row.get_by_role("button", name="Unblock").click()
    await expect(row).to_be_hidden()
