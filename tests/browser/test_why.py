"""Why it did not pop: the short answer on the call's page, by keyboard; then what the PBX told, and a masked copy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.browser.conftest import picture, sign_in
from tests.browser.test_access import violations
from tests.lab.phones import Floor
from tests.pbx.job.product import Desk, Product
from tests.pbx.job.test_calls import call_of, over

Window = Callable[[], Awaitable[Page]]


async def test_a_supervisor_reads_why_nobody_saw_a_call(browser: Window, floor: Floor, product: Product) -> None:
    """It rings where nobody is signed in."""
    floor.phone("103", answer_ms=None)
    await over(floor.caller("79161240091", "7103", patience_ms=600))
    sofia = Desk(product, "sofia")
    await sofia.sign_in()
    call = await call_of(sofia, "+79161240091")
    await sofia.close()
    page = await browser()
    await sign_in(page, "sofia")
    await page.goto(f"/calls/{call['id']}")
    await page.get_by_role("tab", name="The call").press("ArrowRight")
    await expect(page.get_by_role("tab", name="Why?")).to_be_focused()
    await expect(page.get_by_test_id("verdicts")).to_have_text("PJSIP/103 rang, but nobody was signed in there.")
    lines = page.get_by_test_id("event-lines").get_by_role("listitem")
    told = await lines.count()
    await expect(page.get_by_test_id("event-lines")).to_contain_text("Nobody was signed in at PJSIP/103")
    await page.get_by_label("Only what meant something").uncheck()
    assert await lines.count() > told
    assert await violations(page) == []
    await picture(page, "why")
    async with page.expect_download() as masked:
        await page.get_by_role("link", name="Masked stream").click()
    stream = (await (await masked.value).path()).read_bytes()
    assert b"Event: Newchannel" in stream
    assert b"9161240091" not in stream
