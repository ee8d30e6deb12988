"""An agent's day: the pop before the second ring, and a form that cannot be walked away from."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import picture, sign_in
from tests.lab.phones import Floor
from tests.lab.refer import refer
from tests.pbx.job.product import Product
from tests.pbx.job.test_calls import leaves
from tests.until import until_async

Window = Callable[[], Awaitable[Page]]


def plug(floor: Floor, extension: str, answer_ms: int = 1500) -> None:
    """One phone that is picked up; the others reject, so that the queue comes round at once."""
    floor.phone(extension, answer_ms=answer_ms)
    for other in {"101", "102", "103"} - {extension}:
        floor.phone(other, busy=True)


async def log_outcome(page: Page, digit: str = "1", comment: str = "") -> None:
    """By keyboard alone: a digit chooses, Ctrl+Enter saves. Who waits is offered at once, with a form of his own."""
    await expect(page.get_by_test_id("outcome-form")).to_have_class("outcome owed")
    await page.keyboard.press(digit)
    if comment:
        await page.get_by_test_id("outcome-form").locator("textarea").fill(comment)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator('.owed[data-testid="outcome-form"]')).to_be_hidden()


async def test_a_day_at_the_desk(browser: Window, floor: Floor, product: Product) -> None:
    page = await browser()
    await sign_in(page, "anna", "101")
    await expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "available")
    await picture(page, "desk-idle")
    plug(floor, "101", answer_ms=3000)
    first = floor.caller("79161240001", "7001", talk_ms=None)
    await expect(page.get_by_test_id("pop")).to_be_visible()
    (offer,) = await until_async(lambda: floor.log().of("101"), 10, "the phone ringing")
    assert offer.answered_at is None
    await expect(page.get_by_test_id("outcome-form")).to_be_visible()
    await picture(page, "desk-ringing")
    await expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "talking")
    await picture(page, "desk-talking")
    pause = page.get_by_test_id("recording-pause")
    await expect(pause).to_be_visible()
    await page.keyboard.press("Alt+s")
    await expect(pause.get_by_role("timer")).to_have_text(re.compile("0:5[0-9]"))
    await page.reload()
    await expect(pause.get_by_role("timer")).to_be_visible()
    await picture(page, "desk-recording-paused")
    await page.keyboard.press("Alt+s")
    await expect(pause.get_by_role("timer")).to_be_hidden()
    await leaves(floor, first)
    await expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "wrapup", timeout=20_000)
    floor.caller("79161240002", "7001", talk_ms=1500)
    await expect(page.get_by_test_id("waiting-line")).to_contain_text("1")
    await picture(page, "desk-wrapup")
    assert len(floor.log().of("101")) == 1
    await log_outcome(page, "1", "wants the blue one")
    await until_async(lambda: len(floor.log().of("101")) == 2, 15, "the next call")
    await expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "wrapup", timeout=20_000)
    await log_outcome(page)
    await expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "available")


async def test_the_form_cannot_be_walked_away_from(browser: Window, floor: Floor, product: Product) -> None:
    """Five ways out, all closed: a link, an address, the back button, a reload, a second tab."""
    page = await browser()
    await sign_in(page, "boris", "102")
    await page.goto("/calls")
    await page.goto("/")
    plug(floor, "102", answer_ms=300)
    floor.caller("79161240003", "7001", talk_ms=1500)
    form = page.get_by_test_id("outcome-form")
    await expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "wrapup", timeout=20_000)
    await page.keyboard.press("4")
    await form.locator("textarea").fill("the box was open")
    await expect(form.get_by_role("status")).to_have_text("Draft kept")

    await expect(page.get_by_role("link", name="Customers")).to_have_attribute("aria-disabled", "true")
    await page.get_by_role("link", name="Customers").click(force=True)
    await expect(form).to_be_visible()
    await page.goto("/calls")
    await expect(page.get_by_test_id("owed-lock")).to_be_visible()
    await expect(form).to_be_visible()
    await picture(page, "owed-lock")
    await page.go_back()
    await expect(form).to_be_visible()
    await page.reload()
    await expect(form.locator("textarea")).to_have_value("the box was open")
    second = await page.context.new_page()
    await second.goto("/customers")
    await expect(second.get_by_test_id("outcome-form").locator("textarea")).to_have_value("the box was open")
    waiting = floor.caller("79161240004", "7001", patience_ms=2500)
    await until_async(waiting.ended, 15, "the caller giving up")
    assert len(floor.log().of("102")) == 1

    await second.keyboard.press("Control+Enter")
    await expect(second.get_by_test_id("outcome-form")).to_be_hidden()
    await expect(form).to_be_hidden()
    await page.get_by_role("link", name="Customers").click()
    await expect(page).to_have_url(f"{product.url}/customers")


async def test_a_pop_never_takes_the_focus_from_a_field_being_typed_in(
    browser: Window, floor: Floor, product: Product
) -> None:
    page = await browser()
    await sign_in(page, "chiara", "103")
    await page.goto("/customers")
    box = page.get_by_role("searchbox").first
    await box.click()
    await box.press_sequentially("iv", delay=20)
    plug(floor, "103", answer_ms=2500)
    floor.caller("79161240005", "7001", talk_ms=1500)
    await expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "ringing", timeout=10_000)
    await expect(page.get_by_test_id("pop-banner")).to_be_visible()
    await box.press_sequentially("an", delay=20)
    await expect(box).to_have_value("ivan")
    await page.keyboard.press("Alt+a")
    await expect(page.get_by_test_id("call-panel")).to_be_visible()
    await expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "wrapup", timeout=20_000)
    await log_outcome(page)


async def test_one_key_confirms_a_transfer(browser: Window, floor: Floor, product: Product) -> None:
    """Prepared by the server, named, there again after a reload; Enter and she is free while Boris talks on."""
    page = await browser()
    await sign_in(page, "anna", "101")
    other = await browser()
    await sign_in(other, "boris", "102")
    anna = floor.phone("101")
    floor.phone("102")
    caller = floor.caller("79161240006", "7101", talk_ms=None)
    presence, form = page.get_by_test_id("presence"), page.get_by_test_id("outcome-form")
    await expect(presence).to_have_attribute("data-state", "talking", timeout=15_000)
    assert await asyncio.to_thread(refer, anna, "102") == 202
    await expect(presence).to_have_attribute("data-state", "wrapup", timeout=10_000)
    await expect(form).to_contain_text("You passed the customer on to Boris")
    await page.reload()
    await expect(form.locator("textarea")).to_have_value("→ Boris")
    await expect(form.get_by_role("radio", name="Transferred")).to_be_focused()
    await picture(page, "desk-transferred")
    await page.keyboard.press("Enter")
    await expect(form).to_be_hidden()
    await expect(presence).to_have_attribute("data-state", "available")
    await expect(other.get_by_test_id("presence")).to_have_attribute("data-state", "talking")
    assert not caller.ended()
    await leaves(floor, caller)
    await expect(other.get_by_test_id("presence")).to_have_attribute("data-state", "wrapup", timeout=20_000)
    await expect(other.get_by_test_id("outcome-form")).not_to_contain_text("You passed the customer on")
    await log_outcome(other)


async def decide(page: Page, **fields: str) -> None:
    """The administrator decides about direct calls, and saves."""
    await page.goto("/admin/outcome-rules")
    for label, value in fields.items():
        field = page.locator("[data-row-of=direct]").get_by_label(re.compile(label))
        await (field.select_option(value) if not value.isdecimal() else field.fill(value))
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()


_CUT: Final = """() => [...document.querySelectorAll('[data-row-of] select')].filter(one => {
    const whole = one.parentElement.appendChild(one.cloneNode(true))
    whole.value = one.value
    whole.style.cssText = 'position: absolute; width: max-content; min-width: 0'
    const cut = whole.offsetWidth > one.offsetWidth
    whole.remove()
    return cut
}).map(one => one.selectedOptions[0].text)"""
"""What is chosen in rows of rules and does not fit into its field."""


async def talked_with_chiara(page: Page, floor: Floor, number: str) -> None:
    """A customer calls her own number and hangs up as soon as her screen says that she talks."""
    caller = floor.caller(number, "7103", talk_ms=None)
    await expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "talking", timeout=15_000)
    await leaves(floor, caller)
    await expect(page.get_by_test_id("presence")).not_to_have_attribute("data-state", "talking", timeout=15_000)


async def opens_what_waits(page: Page, begun: str) -> Locator:
    """The form of the outcome that was put off, with what was begun of it."""
    await page.get_by_test_id("waiting-outcomes").get_by_role("button").click()
    later = page.get_by_test_id("later-outcome")
    await expect(later.get_by_role("textbox", name="Comment")).to_have_value(begun)
    await expect(later.get_by_role("combobox")).to_have_value("solved")
    return later


async def puts_off_and_logs_later(page: Page) -> None:
    """What is begun is there whenever it is opened, also what was added."""
    await expect(page.get_by_test_id("defer")).to_be_enabled()
    await page.keyboard.press("1")
    await page.get_by_test_id("outcome-form").get_by_role("textbox", name="Comment").fill("asks for the blue one")
    await picture(page, "desk-ways-out")
    await page.keyboard.press("Alt+l")
    await expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "available")
    later = await opens_what_waits(page, "asks for the blue one")
    await later.get_by_role("textbox", name="Comment").fill("asks for the red one")
    await page.keyboard.press("Escape")
    await expect(later).to_be_hidden()
    await page.reload()
    later = await opens_what_waits(page, "asks for the red one")
    await picture(page, "desk-later")
    await later.get_by_role("button", name="Save outcome").click()
    await expect(page.get_by_test_id("waiting-outcomes")).to_be_hidden()


async def test_an_administrator_changes_a_rule_and_it_bites_on_the_next_call(
    browser: Window, floor: Floor, product: Product
) -> None:
    page, other = await browser(), await browser()
    await sign_in(page, "admin")
    await sign_in(other, "chiara", "103")
    floor.phone("103")
    form, presence = other.get_by_test_id("outcome-form"), other.get_by_test_id("presence")
    await decide(page, Seconds="30", owed="automatic")
    await picture(page, "outcome-rules")
    assert await page.evaluate(_CUT) == []
    await talked_with_chiara(other, floor, "79161240007")
    await expect(presence).to_have_attribute("data-state", "available")
    await expect(form).to_be_hidden()
    await decide(page, Seconds="0", owed="owe", Outcome="optional")
    await talked_with_chiara(other, floor, "79161240008")
    await expect(presence).to_have_attribute("data-state", "available")
    await expect(other.get_by_test_id("pop-gone")).to_contain_text("Nothing is owed")
    await other.keyboard.press("1")
    await other.keyboard.press("Control+Enter")
    await expect(form).to_be_hidden()
    await decide(page, Outcome="timed", limit="5")
    assert await page.evaluate(_CUT) == []
    await talked_with_chiara(other, floor, "79161240009")
    await expect(other.get_by_test_id("time-left")).to_contain_text("left")
    await picture(other, "desk-time-left")
    await expect(presence).to_have_attribute("data-state", "available", timeout=15_000)
    await decide(page, Outcome="mandatory")
    await talked_with_chiara(other, floor, "79161240010")
    await puts_off_and_logs_later(other)
    await page.goto("/calls")
    for number, told in (("00-07", "Short call (automatic)"), ("00-09", "Not logged in time (automatic)")):
        await expect(page.get_by_role("row").filter(has_text=f"124-{number}")).to_contain_text(told)
    await expect(page.get_by_role("row").filter(has_text="124-00-08")).to_contain_text("Solved")
    await page.get_by_role("row").filter(has_text="124-00-07").get_by_role("link").first.click()
    await expect(page.get_by_test_id("role")).to_have_text("had the customer")
    await picture(page, "call-automatic")
