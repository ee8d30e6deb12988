"""An agent at a real browser: he logs what his screen says he owes, by keyboard, and opens it again when it died."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import BrowserContext, Error, Page, Playwright, async_playwright

from tests.browser.conftest import sign_in
from tests.parts import chromium
from tests.pbx.job.product import AGENTS, Product

_QUIET: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
_PATIENCE_MS: Final = 8000


@dataclass
class Screen:
    """``opened_again`` counts how often the browser had died."""

    product: Product
    username: str
    playwright: Playwright
    profile: Path
    opened_again: int = 0
    _window: BrowserContext | None = None
    _page: Page | None = None

    @classmethod
    @asynccontextmanager
    async def opened(cls, product: Product, username: str) -> AsyncIterator[Screen]:
        profile = Path(tempfile.mkdtemp(prefix="callcenter-chromium-"))
        async with async_playwright() as playwright:
            screen = cls(product, username, playwright, profile)
            await screen._open()
            try:
                yield screen
            finally:
                screen.kill()
                shutil.rmtree(profile, ignore_errors=True)

    async def work(self) -> None:
        """One look at the screen; what is owed there is logged."""
        try:
            page = self._page or await self._open()
            if form := await page.query_selector(".outcome.owed"):
                await page.keyboard.press("1")
                await page.keyboard.press("Control+Enter")
                await form.wait_for_element_state("hidden", timeout=3000)  # the next one may stand in its place at once
        except Error:
            if self._page and (self._page.is_closed() or not self._pid()):
                self._page = None

    def kill(self) -> None:
        """kill -9 of the browser."""
        if pid := self._pid():
            os.kill(pid, signal.SIGKILL)

    async def _open(self) -> Page:
        if self._window:
            self.opened_again += 1
            with suppress(Error):
                await self._window.close()
        self._window = await self.playwright.chromium.launch_persistent_context(
            self.profile, executable_path=chromium(), args=[*_QUIET], base_url=self.product.url
        )
        self._window.set_default_timeout(_PATIENCE_MS)
        page = self._window.pages[0] if self._window.pages else await self._window.new_page()
        await page.goto("/")
        if "sign-in" in page.url or await page.get_by_label("Password").count():
            await sign_in(page, self.username, AGENTS[self.username])
        self._page = page
        return page

    def _pid(self) -> int:
        """The browser's own process, not one of its helpers; 0: there is none."""
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                with suppress(OSError):
                    command = (folder / "cmdline").read_bytes()
                    if f"--user-data-dir={self.profile}".encode() in command and b"--type=" not in command:
                        return int(folder.name)
        return 0
