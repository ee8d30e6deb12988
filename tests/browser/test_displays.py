"""A wallboard for a screen that nobody signs in at: its address goes there by a camera."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Final

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import ROOT, picture, sign_in
from tests.browser.test_access import violations
from tests.pbx.job.product import Product

Window = Callable[[], Awaitable[Page]]
_READER: Final = ROOT / "web/node_modules/jsqr/dist/jsQR.js"
_READ: Final = """async png => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(png), letter => letter.charCodeAt(0))]))
    const { width, height } = bitmap
    const paper = new OffscreenCanvas(width, height).getContext('2d')
    paper.drawImage(bitmap, 0, 0)
    return jsQR(paper.getImageData(0, 0, width, height).data, width, height)?.data
}"""


async def read(code: Locator) -> str:
    """What a camera reads of what Chromium has painted."""
    await code.page.evaluate(_READER.read_text())
    return str(await code.page.evaluate(_READ, base64.b64encode(await code.screenshot()).decode()))


async def test_a_camera_opens_the_wallboard_that_a_supervisor_made(browser: Window, product: Product) -> None:
    page, screen = await browser(), await browser()
    await sign_in(page, "sofia")
    await page.goto("/floor/displays")
    await page.get_by_test_id("display-name").fill("Hall")
    await page.get_by_test_id("display-make").click()
    link, code = page.get_by_test_id("display-link"), page.get_by_role("img", name="QR code of the address of Hall")
    address = await read(code)
    await expect(link.locator("pre")).to_have_text(address)
    assert await violations(page) == []
    await picture(page, "display-code")
    await page.emulate_media(color_scheme="dark")
    assert await read(code) == address
    await picture(page, "display-code-dark")
    await screen.goto(address)
    await expect(screen.get_by_text("support").first).to_be_visible()
    assert address.split("key=")[1][:40] not in product.log
    await page.get_by_test_id("display").filter(has_text="Hall").get_by_role("button", name="Revoke").click()
    await expect(screen.get_by_test_id("display-closed")).to_be_visible()
