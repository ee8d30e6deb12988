"""The law as people meet it: rules of recording, a person erased in two steps, the notice before the first work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.browser.conftest import picture, sign_in
from tests.browser.test_access import violations
from tests.pbx.job.product import PASSWORD, Desk, Product

Window = Callable[[], Awaitable[Page]]


async def test_an_administrator_switches_a_recording_off_and_sees_what_is_missing(
    browser: Window, product: Product
) -> None:
    page = await browser()
    await sign_in(page, "admin")
    await page.goto("/admin/privacy")
    row = page.get_by_test_id("recording-rules").get_by_role("row").filter(has_text="Outgoing calls")
    await expect(row).to_contain_text("30 days")
    await row.get_by_role("button", name="Change recording: Outgoing calls").click()
    form = page.get_by_test_id("rule-form")
    await form.get_by_label("Who decides that a talk is recorded").select_option("forbidden")
    await form.get_by_label("Who answers requests").fill("")
    assert await violations(page) == []
    await picture(page, "privacy-rule")
    await form.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("Not recorded")
    await expect(row).to_contain_text("Who answers requests for erasure.")
    await picture(page, "privacy-missing")


async def test_a_person_is_erased_in_two_steps(browser: Window, product: Product) -> None:
    admin = Desk(product, "admin")
    await admin.sign_in()
    card = {"name": "Zebulon Quist", "numbers": [{"raw": "+79161239999"}]}
    customer = (await admin.request("POST", "/customers", card))["id"]
    page = await browser()
    await sign_in(page, "admin")
    await page.goto(f"/customers/{customer}")
    await page.get_by_role("button", name="Erase the person").click()
    form = page.get_by_test_id("erasure-form")
    await expect(form).to_contain_text("numbers on cards: 1")
    last = form.get_by_role("button", name="Erase for good")
    await expect(last).to_be_disabled()
    await form.get_by_label("Number of the case").fill("DSR-7")
    await form.get_by_label("Type “erase” to confirm").fill("erase")
    assert await violations(page) == []
    await picture(page, "erasure-dialog")
    await last.click()
    await expect(page.get_by_test_id("erasure-report")).to_contain_text("Everything is gone")
    await picture(page, "erasure-report")
    await page.get_by_role("button", name="Close").last.click()
    await expect(page).to_have_url(f"{product.url}/customers")
    await page.goto("/admin/privacy/requests")
    await expect(page.get_by_role("main")).to_contain_text("DSR-7")
    await admin.request("GET", f"/customers/{customer}", status=404)
    await admin.close()


async def test_a_newcomer_reads_the_notice_before_anything_else(browser: Window, product: Product) -> None:
    admin = Desk(product, "admin")
    await admin.sign_in()
    nora = {"username": "nora", "display_name": "Nora", "role": "supervisor", "language": "en", "password": PASSWORD}
    await admin.request("POST", "/users", nora)
    await admin.close()
    page = await browser()
    await page.goto("/calls")
    await page.get_by_label("User name").fill("nora")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    notice = page.get_by_test_id("staff-notice")
    await expect(notice).to_contain_text("We record and watch.")
    assert await violations(page) == []
    await picture(page, "notice")
    await page.goto("/calls")
    await expect(notice).to_be_visible()
    confirm = notice.get_by_role("button", name="Confirm and go on")
    await expect(confirm).to_be_disabled()
    await notice.get_by_label("I have read this.").check()
    await confirm.click()
    await page.get_by_role("button", name="Go on without a phone").click()
    await expect(page.get_by_test_id("presence")).to_be_visible()
    await expect(page).to_have_url(f"{product.url}/calls")
