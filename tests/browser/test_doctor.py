"""The doctor's page and the state of the house, before a real PBX: a seeded fault, a test call, a cut link."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from playwright.async_api import Page, expect

from tests.browser.conftest import picture, sign_in
from tests.browser.test_access import violations
from tests.pbx.job.product import Product

Window = Callable[[], Awaitable[Page]]
SLOW_MS = 40_000


@contextmanager
def no_autofill(product: Product) -> Iterator[None]:
    """A PBX whose owner forgot one line."""
    queues = product.pbx.etc / "queues.conf"
    whole = queues.read_text()
    queues.write_text(whole.replace("autofill=yes", "autofill=no"))
    product.pbx.cli("queue reload all")
    try:
        yield
    finally:
        queues.write_text(whole)
        product.pbx.cli("queue reload all")


async def test_a_fault_is_told_with_the_lines_that_mend_it_and_a_call_proves_the_way(
    browser: Window, product: Product
) -> None:
    page = await browser()
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await sign_in(page, "admin")
    await page.goto("/admin/doctor")
    panel = page.get_by_test_id("doctor-main")
    await expect(panel.get_by_role("button", name="Look again")).to_be_enabled(timeout=SLOW_MS)
    assert await panel.locator('[data-code="autofill_off"]').count() == 0
    with no_autofill(product):
        await panel.get_by_role("button", name="Look again").click()
        fault = panel.locator('[data-code="autofill_off"]')
        await expect(fault).to_contain_text("autofill is off", timeout=SLOW_MS)
        await fault.get_by_role("button", name="Copy").first.click()
        await expect(fault.get_by_role("button", name="Copied")).to_be_visible()
        assert "autofill=yes" in await page.evaluate("navigator.clipboard.readText()")
        assert await violations(page) == []
        await picture(page, "doctor-fault")
    await panel.get_by_role("button", name="Look again").click()
    await expect(panel.locator('[data-code="autofill_off"]')).to_have_count(0, timeout=SLOW_MS)

    await panel.get_by_label("Queue", exact=True).select_option("support")
    await panel.get_by_role("button", name="Make the call").click()
    await expect(panel.get_by_test_id("test-verdict")).to_contain_text("The whole way works.", timeout=SLOW_MS)
    states = await panel.locator("[data-step]").evaluate_all("all => all.map(li => li.dataset.state)")
    assert set(states) == {"ok"}
    assert page.url.endswith("/admin/doctor")
    assert await violations(page) == []
    await picture(page, "doctor-test-call")


async def test_a_cut_link_is_seen_on_the_status_page_and_on_the_badge_until_it_heals(
    browser: Window, product: Product
) -> None:
    page = await browser()
    await sign_in(page, "sofia")
    await page.get_by_role("link", name="Status").click()
    link = page.locator('[data-part="pbx:main"]')
    await expect(link).to_have_attribute("data-state", "ok", timeout=SLOW_MS)
    product.pbx.stop()
    try:
        await expect(link).to_have_attribute("data-state", "ill", timeout=SLOW_MS)
        await expect(page.get_by_test_id("house")).to_contain_text("not well")
        await expect(page.get_by_test_id("ill")).to_be_visible()
        assert await violations(page) == []
        await picture(page, "status-ill")
    finally:
        product.pbx.start()
    await expect(link).to_have_attribute("data-state", "ok", timeout=SLOW_MS)
    await expect(page.get_by_test_id("house")).to_contain_text("Everything is well.", timeout=SLOW_MS)
    await expect(page.get_by_test_id("ill")).to_have_count(0)
