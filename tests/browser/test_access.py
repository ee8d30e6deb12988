"""Every page for everybody: axe finds nothing, in light and dark."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal

from playwright.async_api import Page, Request

from tests.browser.conftest import ROOT, picture, sign_in
from tests.pbx.job.product import Product
from tests.until import until_async

Window = Callable[[], Awaitable[Page]]
_AXE: Final = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
_RULES: Final = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
_COLOURS: Final = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""What alone is another in the dark: a scheme changes colours and nothing else."""
_GO: Final = "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate', { state: {} })) }"
"""As a click on a link goes, without reading the app anew."""
_QUIET_S: Final = 0.5
_SCHEMES: Final[dict[Literal["light", "dark"], dict[str, Any]]] = {"light": _RULES, "dark": _COLOURS}
PAGES: Final = {
    "desk": "/",
    "customers": "/customers",
    "imports": "/customers/import",
    "calls": "/calls",
    "tasks": "/tasks",
    "floor": "/floor",
    "reports": "/reports",
    "agents": "/reports/agents",
    "quality": "/quality/listen",
    "scores": "/reports/scores",
    "scorecard": "/admin/scorecards/new",
    "staff": "/floor/staff",
    "displays": "/floor/displays",
    "alarm-log": "/floor/alarms",
    "status": "/admin/status",
    "doctor": "/admin/doctor",
    "callbacks": "/admin/callbacks",
    "routing": "/admin/routing",
    "hours": "/admin/hours",
    "blocked": "/admin/blocked",
    "outcome-rules": "/admin/outcome-rules",
    "pauses": "/admin/pauses",
    "users": "/admin/users",
    "teams": "/admin/teams",
    "statuses": "/admin/statuses",
    "fields": "/admin/fields",
    "outcomes": "/admin/outcomes",
    "templates": "/admin/templates",
    "pbx": "/admin/pbx",
    "privacy": "/admin/privacy/recording",
    "retention": "/admin/privacy/keeping",
    "staff-notice": "/admin/privacy/staff",
    "requests": "/admin/privacy/requests",
    "audit": "/admin/audit",
}


async def violations(page: Page, only: Mapping[str, Any] = _RULES) -> list[str]:
    """What axe finds on the page as it stands; read once into each document."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE.read_text())
    result: dict[str, Any] = await page.evaluate("only => axe.run({ runOnly: only })", only)
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in result["violations"]]


async def seen(page: Page, name: str) -> list[str]:
    """What axe finds on the page in either scheme, with a picture of each."""
    found = []
    for scheme, rules in _SCHEMES.items():
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{scheme}: {broken}" for broken in await violations(page, rules)]
        await picture(page, f"{name}-{scheme}")
    return found


class Traffic:
    """What a window asks for; nothing at the moment where it has been quiet for half a second."""

    def __init__(self, page: Page) -> None:
        self.urls: list[str] = []
        self._open: set[Request] = set()
        self._last = 0.0
        page.on("request", self._begun)
        page.on("requestfinished", self._over)
        page.on("requestfailed", self._over)

    def _begun(self, request: Request) -> None:
        self.urls.append(request.url)
        self._open.add(request)

    def _over(self, request: Request) -> None:
        self._open.discard(request)
        self._last = time.monotonic()

    async def quiet(self) -> None:
        self._last = time.monotonic()
        await until_async(lambda: not self._open and time.monotonic() - self._last > _QUIET_S, 15, "all that was asked")


async def test_no_page_has_a_violation_or_fetches_from_elsewhere(browser: Window, product: Product) -> None:
    page = await browser()
    traffic = Traffic(page)
    await page.goto("/sign-in")
    await page.get_by_label("User name").wait_for()
    found = {"sign-in": await seen(page, "sign-in")}
    await sign_in(page, "admin")
    for name, path in PAGES.items():
        await page.evaluate(_GO, path)
        await traffic.quiet()
        await page.get_by_role("main").wait_for()
        found[name] = await seen(page, name)
    assert {name: broken for name, broken in found.items() if broken} == {}
    foreign = [url for url in traffic.urls if not url.startswith((product.url, "data:", "blob:"))]
    assert (foreign, len(traffic.urls) > 10) == ([], True)
