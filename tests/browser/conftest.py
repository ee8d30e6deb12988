"""Debian's Chromium before the running product, with a real Asterisk behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.parts import chromium, need
from tests.pbx.job.conftest import wire
from tests.pbx.job.product import AGENTS, PASSWORD, Desk, Product
from tests.until import until_async

ROOT: Final = Path(__file__).resolve().parents[2]
SCREENS: Final = ROOT / "var" / "screens"
_QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    for part in ("asterisk", "chromium", "web"):
        need(part)
    with Asterisk() as pbx:
        running = Product(pbx, tmp_path_factory.mktemp("product"))
        running.environment["CALLCENTER_SPEECH__MODEL"] = str(ROOT / "callcenter/demo/speech/model-tiny")
        running.add_people()
        running.start()
        yield running
        running.stop()


@pytest.fixture
def floor(product: Product) -> Iterator[Floor]:
    with Floor(product.pbx) as plugged:
        yield plugged


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium_running() -> AsyncIterator[Browser]:
    """One for all tests: starting it takes as long as a short test."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium(), args=[*_QUIET])
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(product: Product, chromium_running: Browser) -> AsyncIterator[Callable[[], Awaitable[Page]]]:
    """Opens windows that share nothing; a fault in a page's own script fails the test."""
    await wire(product)
    await clear(product)
    faults: list[str] = []

    async def window() -> Page:
        context = await chromium_running.new_context(
            base_url=product.url,
            viewport={"width": 1280, "height": 720},
            permissions=["clipboard-read", "clipboard-write"],  # asked for in a window, which is not there to be asked
        )
        context.set_default_timeout(15_000)
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield window
    for context in chromium_running.contexts:
        await context.close()
    assert faults == []


async def clear(product: Product) -> None:
    """Nobody sits at a phone or owes an outcome: each test begins with an empty floor."""
    for username in AGENTS:
        desk = Desk(product, username)
        await desk.sign_in()
        await desk.listen()
        await until_async(desk.quiet, 20, "calls of the test before ending")
        for pop in desk.owed():
            await desk.request("PUT", f"/segments/{pop['id']}/outcome", {"outcome": "solved", "comment": ""})
        await desk.request("PUT", "/me/extension", {"extension": None})
        await desk.close()


async def sign_in(page: Page, username: str, extension: str = "") -> None:
    """As a person does: name, password, then the phone he sits at."""
    await page.goto("/sign-in")
    await page.get_by_label("User name").fill(username)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    phones, seated = page.locator(".phones"), page.get_by_test_id("presence")
    await phones.or_(seated).first.wait_for()
    if await phones.count():
        choice = phones.get_by_role("button", name=extension) if extension else None
        await (choice or page.get_by_role("button", name="Go on without a phone")).click()
    await seated.wait_for()


async def picture(page: Page, name: str) -> None:
    """Keeps what a person would see, for eyes."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENS / f"{name}.png")
