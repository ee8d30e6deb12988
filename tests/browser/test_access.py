"""Every page for everybody: axe finds nothing, in light and dark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from playwright.async_api import Page

from tests.browser.conftest import ROOT, picture, sign_in
from tests.pbx.job.product import Product

Window = Callable[[], Awaitable[Page]]
_AXE: Final = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAGES: Final = {
    "desk": "/",
    "customers": "/customers",
    "imports": "/customers/import",
    "calls": "/calls",
    "tasks": "/tasks",
    "floor": "/floor",
    "reports": "/reports",
    "agents": "/reports/agents",
    "staff": "/floor/staff",
    "status": "/admin/status",
    "doctor": "/admin/doctor",
    "callbacks": "/admin/callbacks",
    "short-calls": "/admin/short-calls",
    "pauses": "/admin/pauses",
    "users": "/admin/users",
    "teams": "/admin/teams",
    "statuses": "/admin/statuses",
    "outcomes": "/admin/outcomes",
    "pbx": "/admin/pbx",
    "privacy": "/admin/privacy/recording",
    "retention": "/admin/privacy/keeping",
    "staff-notice": "/admin/privacy/staff",
    "requests": "/admin/privacy/requests",
    "audit": "/admin/audit",
}


async def violations(page: Page) -> list[str]:
    await page.evaluate(_AXE.read_text())
    result: dict[str, Any] = await page.evaluate("rules => axe.run({ runOnly: rules })", _RULES)
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in result["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_has_a_violation(browser: Window, product: Product, scheme: Any) -> None:
    page = await browser()
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await page.goto("/sign-in")
    await page.get_by_label("User name").wait_for()
    found = {"sign-in": await violations(page)}
    await sign_in(page, "admin")
    for name, path in PAGES.items():
        await page.goto(path)
        await page.get_by_role("main").wait_for()
        await page.wait_for_load_state("networkidle")
        found[name] = await violations(page)
        await picture(page, f"{name}-{scheme}")
    assert {name: broken for name, broken in found.items() if broken} == {}


async def test_nothing_is_fetched_from_elsewhere(browser: Window, product: Product) -> None:
    page = await browser()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await sign_in(page, "admin")
    for path in PAGES.values():
        await page.goto(path)
        await page.wait_for_load_state("networkidle")
    foreign = [url for url in asked if not url.startswith((product.url, "data:", "blob:"))]
    assert (foreign, len(asked) > 10) == ([], True)
