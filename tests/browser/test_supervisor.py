"""A supervisor's day: one talk, from listening into it to who logs what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import picture, sign_in
from tests.lab.phones import Floor
from tests.pbx.job.product import Desk, Product

Window = Callable[[], Awaitable[Page]]


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


async def act(page: Page, agent: str, name: str) -> None:
    """Out of the menu of an agent's row."""
    await page.locator(f"[data-agent={agent}]").get_by_role("button", name="What to do about").click()
    await page.get_by_role("menuitem", name=name).click()


async def sits_in(sofia: Page) -> None:
    """On the talk of Boris: listens, whispers, leaves."""
    sitting = sofia.get_by_test_id("sit-in")
    await act(sofia, "boris", "Listen")
    await expect(sitting).to_have_attribute("data-state", "on", timeout=20_000)
    await sitting.get_by_role("button", name="Whisper").click()
    await expect(sitting).to_have_attribute("data-mode", "whisper")
    await picture(sofia, "supervisor-sits-in")
    await sitting.get_by_role("button", name="Leave the talk").click()
    await expect(sitting).to_be_hidden()


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


async def takes_over(sofia: Page, boris: Page) -> None:
    """What Boris owes and hands her, and logs it."""
    await boris.get_by_test_id("hand").click()
    hand = boris.get_by_test_id("hand-over")
    await hand.get_by_label("Colleague").select_option(label="Sofia · Supervisor")
    await hand.get_by_role("button", name="Hand over").click()
    await expect(boris.get_by_test_id("presence")).to_have_attribute("data-state", "available")
    await sofia.goto("/")
    await sofia.get_by_test_id("waiting-outcomes").get_by_role("button").first.click()
    later = sofia.get_by_test_id("later-outcome")
    await later.get_by_role("combobox").select_option("solved")
    await later.get_by_role("button", name="Save outcome").click()
    await expect(sofia.get_by_test_id("waiting-outcomes")).to_be_hidden()


@pytest.mark.usefixtures("quick_alarms")
async def test_a_supervisors_day(browser: Window, floor: Floor) -> None:
    boris, sofia = await browser(), await browser()
    await sign_in(boris, "boris", "102")
    await sign_in(sofia, "sofia", "103")
    floor.phone("102")
    floor.phone("103")
    await sofia.goto("/floor")
    caller = floor.caller("79161270001", "7102", talk_ms=None)
    await expect(sofia.locator("[data-agent=boris]")).to_have_attribute("data-state", "talking", timeout=20_000)
    await sits_in(sofia)
    await writes(sofia, boris)
    floor.end(caller)
    alarm = sofia.get_by_test_id("alarm").filter(has_text="Boris").first
    await alarm.get_by_test_id("alarm-see").click(timeout=20_000)
    await expect(alarm.get_by_test_id("alarm-seen")).to_contain_text("Sofia")
    await releases(sofia)
    await takes_over(sofia, boris)
    await sofia.goto("/floor/alarms")
    await expect(sofia.get_by_test_id("past-alarm").filter(has_text="Boris").first).to_contain_text("Sofia")
    await sofia.goto("/quality/listen")
    await expect(sofia.get_by_role("heading", name="To listen")).to_be_visible()
