"""A supervisor's day: one talk, from listening into it to the report that counts it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Page, Route, expect
from yarl import URL

from tests.browser.conftest import picture, sign_in
from tests.browser.test_access import violations
from tests.browser.test_floor import act, order
from tests.lab.phones import Floor
from tests.pbx.job.product import Desk, Product
from tests.pbx.job.test_calls import leaves
from tests.until import until_async

Window = Callable[[], Awaitable[Page]]
LINE = 20
"""Of text, in pixels."""


@pytest.fixture
async def quick_alarms(product: Product) -> AsyncIterator[None]:
    """A wrap-up of a second is an alarm."""
    admin = Desk(product, "admin")
    await admin.sign_in()
    rules = await admin.request("GET", "/alarm-rules")
    await admin.request("PUT", "/alarm-rules", {**rules, "wrapup_s": 1, "settle_s": 0})
    yield
    await admin.request("PUT", "/alarm-rules", rules)
    await admin.close()


@pytest.fixture
async def leaves_her_desk(product: Product) -> AsyncIterator[None]:
    """Sofia, at the end of the day: it is Chiara's."""
    yield
    sofia = Desk(product, "sofia")
    await sofia.sign_in()
    await sofia.request("PUT", "/me/extension", {"extension": None})
    await sofia.close()


async def sits_in(sofia: Page, boris: Page) -> None:
    """Listens, whispers, leaves; Boris is told of it."""
    sitting, company = sofia.get_by_test_id("sit-in"), boris.get_by_test_id("company")
    await act(sofia, "boris", "Listen")
    await expect(sitting).to_have_attribute("data-state", "on", timeout=20_000)
    await expect(company).to_contain_text("Sofia listens")
    await sitting.get_by_role("button", name="Whisper").click()
    await expect(sitting).to_have_attribute("data-mode", "whisper")
    await expect(company).to_contain_text("Sofia whispers to you")
    await picture(sofia, "supervisor-sits-in")
    await sitting.get_by_role("button", name="Leave the talk").click()
    await expect(sitting).to_be_hidden()
    await expect(company).to_be_hidden()


async def writes(sofia: Page, boris: Page) -> None:
    """A line, which he reads."""
    await act(sofia, "boris", "Message")
    form = sofia.get_by_test_id("message-form")
    await form.get_by_label("A line").fill("Offer him the Monday")
    await form.get_by_role("button", name="Send").click()
    told = boris.get_by_test_id("message")
    await expect(told).to_contain_text("Offer him the Monday")
    await told.get_by_role("button", name="Got it").click()


async def releases(sofia: Page) -> None:
    """A queue for minutes, and ends it."""
    await sofia.get_by_test_id("release").click()
    dialog, released = sofia.get_by_role("dialog"), sofia.get_by_test_id("released")
    await dialog.get_by_label("Queue").select_option(label="sales")
    await dialog.get_by_label("Minutes").fill("5")
    await dialog.get_by_label("Reason").fill("the flood")
    await dialog.get_by_role("button", name="Release", exact=True).click()
    await expect(released).to_contain_text("the flood")
    await released.get_by_role("button", name="End it").click()
    await expect(released).to_be_hidden()


async def sees_the_alarm(sofia: Page) -> None:
    """That Boris hides in his wrap-up."""
    alarm = sofia.get_by_test_id("alarm").filter(has_text="Boris").first
    await alarm.get_by_test_id("alarm-see").click(timeout=20_000)
    await expect(alarm.get_by_test_id("alarm-seen")).to_contain_text("Sofia")
    await picture(sofia, "supervisor-alarm")


async def fills_the_page(sofia: Page) -> None:
    """All seven questions in one line, and bars from one end of their panel to the other."""
    heights = await sofia.locator(".question").evaluate_all("all => all.map(one => one.clientHeight)")
    assert (len(heights), max(heights) < 2 * LINE) == (7, True)
    assert not await sofia.locator(".questions").evaluate("row => row.scrollWidth > row.clientWidth")
    ends = await sofia.locator(".bar").evaluate_all(
        "all => [all[0].getBoundingClientRect().left, all.at(-1).getBoundingClientRect().right]"
    )
    width = await sofia.locator(".trend").evaluate("panel => panel.clientWidth")
    assert ends[1] - ends[0] > 0.9 * width


async def answered_last(page: Page, path: str, after: set[str]) -> None:
    """Of what a page asks for."""
    come: set[str] = set()
    page.on("response", lambda answer: come.add(URL(answer.url).path))

    async def hold(route: Route) -> None:
        await until_async(lambda: after <= come, 10, "the other answers")
        await route.continue_()

    await page.route(f"**{path}", hold)


async def reads_the_targets(sofia: Page) -> None:
    """By the address: she sees what holds, also where that comes after the names, and that others change it."""
    await answered_last(sofia, "/api/v1/report-rules", after={"/api/v1/staff", "/api/v1/reports/progress"})
    await sofia.goto("/admin/targets")
    form = sofia.get_by_test_id("report-rules")
    await expect(form.get_by_role("note")).to_contain_text("Only administrators change targets")
    await expect(form.get_by_label("Service level target, %", exact=True)).to_have_value("80")
    assert await form.locator("input:not([readonly])").count() == 0
    await expect(form.get_by_label("Calls handled, a day, All", exact=True)).to_have_attribute("placeholder", "–")
    await expect(form.get_by_role("button", name="Save")).to_be_hidden()
    await picture(sofia, "supervisor-targets")
    assert await violations(sofia) == []


async def is_told_whose_a_page_is(sofia: Page) -> None:
    """Of administrators: the desk says so in its place, until she has read it."""
    await sofia.goto("/admin/outcome-rules")
    told = sofia.get_by_test_id("refused-place")
    await expect(told).to_contain_text("Only administrators may open “Outcome rules”")
    await picture(sofia, "supervisor-refused")
    assert await violations(sofia) == []
    await told.get_by_role("button", name="Close").click()
    await expect(told).to_be_hidden()


async def follows_a_figure(sofia: Page) -> None:
    """From what Boris handled to the calls it counts."""
    await sofia.goto("/reports/agents")
    line = sofia.get_by_test_id("report-agent").filter(has_text="Boris")
    await expect(line).to_be_visible()
    await fills_the_page(sofia)
    await picture(sofia, "supervisor-report")
    await line.locator("td").nth(1).get_by_role("link").click()
    await expect(sofia.get_by_test_id("figure")).to_contain_text("Handled")
    await expect(sofia.get_by_role("row").filter(has_text="+7 916 127-00-01")).to_contain_text("Boris")


@pytest.mark.usefixtures("quick_alarms", "leaves_her_desk")
async def test_a_supervisors_day(browser: Window, floor: Floor) -> None:
    boris, sofia = await browser(), await browser()
    await asyncio.gather(sign_in(boris, "boris", "102"), sign_in(sofia, "sofia", "103"))
    floor.phone("102")
    floor.phone("103")
    await sofia.goto("/floor")
    row = sofia.locator("[data-agent=boris]")
    caller = floor.caller("79161270001", "7102", talk_ms=None)
    await expect(row).to_have_attribute("data-state", "talking", timeout=20_000)
    await sits_in(sofia, boris)
    await writes(sofia, boris)
    await releases(sofia)
    await leaves(floor, caller)
    await sees_the_alarm(sofia)
    await order(sofia, "boris", "Waive", "the line broke")
    await expect(row).not_to_contain_text("outcome")
    await expect(boris.get_by_test_id("presence")).to_have_attribute("data-state", "available")
    await follows_a_figure(sofia)
    await reads_the_targets(sofia)
    await is_told_whose_a_page_is(sofia)
    await sofia.goto("/floor/alarms")
    await expect(sofia.get_by_test_id("past-alarm").filter(has_text="Boris").first).to_contain_text("Sofia")
