"""Every page for everybody: axe finds nothing, in light and dark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

from playwright.async_api import Page

from tests.browser.conftest import ROOT, picture, sign_in
from tests.pbx.job.product import Product

Window = Callable[[], Awaitable[Page]]
_AXE: Final = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
_SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
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


async def seen(page: Page, name: str) -> list[str]:
    """What axe finds on the page in either scheme, with a picture of each."""
    found = []
    for scheme in _SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{scheme}: {broken}" for broken in await violations(page)]
        await picture(page, f"{name}-{scheme}")
    return found


async def test_no_page_has_a_violation_or_fetches_from_elsewhere(browser: Window, product: Product) -> None:
    page = await browser()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto("/sign-in")
    await page.get_by_label("User name").wait_for()
    found = {"sign-in": await seen(page, "sign-in")}
    await sign_in(page, "admin")
    for name, path in PAGES.items():
        await page.goto(path)
        await page.get_by_role("main").wait_for()
        await page.wait_for_load_state("networkidle")
        found[name] = await seen(page, name)
    assert {name: broken for name, broken in found.items() if broken} == {}
    foreign = [url for url in asked if not url.startswith((product.url, "data:", "blob:"))]
    assert (foreign, len(asked) > 10) == ([], True)
