"""A supervisor at the floor and an agent at his presence: what both see, by mouse and by keyboard."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.browser.conftest import picture, sign_in
from tests.browser.test_day import log_outcome, plug
from tests.lab.phones import Floor
from tests.pbx.job.product import Product
from tests.until import until_async

Window = Callable[[], Awaitable[Page]]


async def act(page: Page, agent: str, name: str) -> None:
    """Out of the menu of an agent's row."""
    await page.locator(f"[data-agent={agent}]").get_by_role("button", name="What to do about").click()
    await page.get_by_role("menuitem", name=re.compile(f"^{name}")).click()


async def order(page: Page, agent: str, what: str, reason: str) -> None:
    """Out of that menu too, with the reason for it."""
    await act(page, agent, what)
    await page.get_by_label("Reason").fill(reason)
    await page.get_by_role("dialog").get_by_role("button", name=what, exact=True).click()
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_an_agent_says_why_he_is_away_and_the_supervisor_sees_it(browser: Window, product: Product) -> None:
    anna, sofia = await browser(), await browser()
    await asyncio.gather(sign_in(anna, "anna", "101"), sign_in(sofia, "sofia"))
    await sofia.goto("/floor")
    presence, row = anna.get_by_test_id("presence"), sofia.locator("[data-agent=anna]")
    await expect(presence).to_have_attribute("data-state", "available")
    await anna.keyboard.press("Alt+p")
    menu = anna.get_by_test_id("presence-menu")
    await menu.get_by_role("button", name="Lunch").click()
    await expect(presence).to_contain_text("Lunch")
    await expect(row).to_contain_text("Lunch")
    await expect(row).to_have_attribute("data-state", "paused")
    product.pbx.cli("queue pause member PJSIP/101 queue sales reason doctor")
    await order(sofia, "anna", "Pause", "come and see me")
    whys = menu.get_by_test_id("whys")
    await expect(whys).to_contain_text("Paused by Sofia")
    await expect(whys).to_contain_text("come and see me")
    await picture(anna, "presence-why")
    await picture(sofia, "floor-paused")
    await whys.get_by_role("button", name="Back").click()
    await expect(whys).not_to_contain_text("Lunch")
    await expect(presence).to_have_attribute("data-state", "paused")
    await order(sofia, "anna", "End the pauses", "talked")
    await expect(presence).to_have_attribute("data-state", "available")


async def test_a_talk_that_is_nobodys_is_claimed_from_the_desk(browser: Window, floor: Floor) -> None:
    boris = await browser()
    await sign_in(boris, "boris", "102")
    floor.phone("103")
    caller = floor.caller("79161250012", "7103", talk_ms=1000)
    talks = boris.get_by_test_id("unowned")
    await expect(talks).to_contain_text("+7 916 125-00-12", timeout=20_000)
    await picture(boris, "desk-unowned")
    await until_async(caller.ended, 20, "the caller's end")
    await talks.get_by_role("button", name="It was mine").click()
    await log_outcome(boris)
    await expect(talks).to_be_hidden()


async def test_a_supervisor_says_who_works_where(browser: Window, product: Product) -> None:
    sofia = await browser()
    await sign_in(sofia, "sofia")
    await sofia.goto("/floor/staff")
    await sofia.get_by_label("Where it is decided who works in sales").select_option("here")
    field = sofia.get_by_label("Penalty of Chiara in sales")
    await field.fill("4")
    async with sofia.expect_response(lambda answer: answer.request.method != "GET" and answer.ok):
        await field.press("Tab")
    await expect(sofia.get_by_text("Saved: sales").first).to_be_visible()
    await sofia.reload()
    await expect(field).to_have_value("4")
    await picture(sofia, "staff")
    await sofia.get_by_label("Where it is decided who works in sales").select_option("pbx")
    await expect(field).to_be_disabled()


async def test_a_supervisor_sees_the_day_and_signs_somebody_out_who_owes(browser: Window, floor: Floor) -> None:
    boris, sofia = await browser(), await browser()
    await asyncio.gather(sign_in(boris, "boris", "102"), sign_in(sofia, "sofia"))
    await sofia.goto("/floor")
    plug(floor, "102", answer_ms=300)
    floor.caller("79161250013", "7001", talk_ms=1000)
    row = sofia.locator("[data-agent=boris]")
    owes = row.locator("td").nth(5)
    await expect(owes).to_contain_text("1 outcome", timeout=20_000)
    line = sofia.get_by_test_id("queue-line").filter(has_text="support")
    await expect(line.locator("td").nth(3)).not_to_have_text("0")
    await expect(line).to_contain_text("%")
    await expect(owes.get_by_role("timer")).to_have_text(re.compile(r"^0:(0[3-9]|[1-5]\d)$"), timeout=10_000)
    await order(sofia, "boris", "Sign out", "went home")
    await expect(boris.get_by_label("Password")).to_be_visible()
    await expect(row).to_have_attribute("data-state", "offline")
    await expect(owes).to_contain_text("1 outcome")
    await order(sofia, "boris", "Waive", "he is gone")
    await expect(row).to_have_count(0)
