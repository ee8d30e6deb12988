"""A caller whom nobody answered is a task; one click calls him back, and a promise rings its bell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import picture, sign_in
from tests.browser.test_access import violations
from tests.browser.test_day import log_outcome
from tests.lab.phones import Floor
from tests.pbx.job.product import Desk, Product
from tests.until import until_async

Window = Callable[[], Awaitable[Page]]
NUMBER, SHOWN = "79161245001", "+7 916 124-50-01"


async def test_a_missed_caller_is_called_back_from_the_list(browser: Window, floor: Floor, product: Product) -> None:
    page = await browser()
    await sign_in(page, "anna", "101")
    await page.goto("/tasks/missed")
    await expect(page.get_by_test_id("tasks-page")).to_be_visible()
    for _ in range(2):
        caller = floor.caller(NUMBER, "7001", patience_ms=1200)
        await until_async(caller.ended, 10, "the caller giving up")
    task = page.get_by_test_id("task").filter(has_text=SHOWN)
    await expect(task).to_contain_text("Called 2 times, last at")
    await expect(task.locator(".acts > *").first).to_have_css("opacity", "1")
    await picture(page, "tasks-missed")
    assert await violations(page) == []
    floor.phone("101", answer_ms=600)
    provider = floor.phone("trunk", answer_ms=600, talk_ms=1200)
    await page.keyboard.press("j")
    await task.get_by_test_id("call-button").click()
    await expect(page.get_by_test_id("click-bar")).to_contain_text("Your phone")
    await picture(page, "click-ringing-you")
    await expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "wrapup", timeout=20_000)
    assert [offer.dialled for offer in provider.offers()] == [f"+{NUMBER}"]
    await log_outcome(page)
    await page.goto("/tasks/closed")
    await expect(page.get_by_test_id("task").filter(has_text=SHOWN)).to_contain_text("talked with him")


async def test_a_customer_who_is_busy_is_said_to_be_so(browser: Window, floor: Floor, product: Product) -> None:
    page = await browser()
    await sign_in(page, "boris", "102")
    await page.goto("/tasks")
    await expect(page.get_by_test_id("tasks-page")).to_be_visible()
    await page.keyboard.press("n")
    dialog = page.get_by_test_id("task-dialog")
    await dialog.get_by_label("Subject").fill("Ask for the papers")
    await picture(page, "tasks-new")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_be_hidden()
    await page.goto("/tasks/later")  # an hour before midnight what is due in an hour is nothing of today
    await expect(page.get_by_test_id("task").filter(has_text="Ask for the papers")).to_be_visible()
    floor.phone("102", answer_ms=3000)  # long after the caller has given up, on a busy machine too
    floor.phone("trunk", busy=True)
    caller = floor.caller("79161245002", "7102", patience_ms=100)
    await until_async(caller.ended, 10, "the caller giving up")
    await page.goto("/calls")
    await expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "available")
    row = page.get_by_role("row").filter(has_text="+7 916 124-50-02").first
    await row.get_by_test_id("call-button").click()
    await expect(page.get_by_test_id("click-bar")).to_contain_text("is busy")
    await picture(page, "click-busy")


async def test_a_promise_made_with_the_outcome_is_on_the_desk(browser: Window, floor: Floor, product: Product) -> None:
    page = await browser()
    await sign_in(page, "chiara", "103")
    floor.phone("103", answer_ms=300)
    floor.caller("79161245003", "7103", talk_ms=1200)
    form = page.get_by_test_id("outcome-form")
    await expect(form).to_have_class("outcome owed", timeout=20_000)
    await page.keyboard.press("2")
    await expect(form.get_by_label("Call back on")).to_be_checked()
    await picture(page, "outcome-promise")
    await page.keyboard.press("Control+Enter")
    await expect(form).to_be_hidden()
    await page.goto("/tasks/later")
    await expect(page.get_by_test_id("task").filter(has_text="+7 916 124-50-03")).to_be_visible()


async def test_a_caller_who_waits_too_long_alarms_the_floor_and_is_given_to_somebody(
    browser: Window, floor: Floor, product: Product
) -> None:
    boris, sofia = await browser(), await browser()
    await sign_in(boris, "boris", "102")
    await sign_in(sofia, "sofia")
    await sofia.goto("/floor")
    late = sofia.get_by_test_id("overdue-callers")
    caller = floor.caller("79161245004", "7001", patience_ms=800)
    await until_async(caller.ended, 10, "the caller giving up")
    desk = Desk(product, "sofia")
    await desk.sign_in()
    task = await until_async(lambda: missed(desk, "+79161245004"), 10, "the task")
    await expect(late).not_to_contain_text("+7 916 124-50-04")
    due = datetime.now(UTC) - timedelta(minutes=12)
    await desk.request("PATCH", f"/tasks/{task['id']}", {"due_at": due.isoformat()})
    await expect(late.get_by_test_id("overdue-line")).to_contain_text("support")
    row = late.get_by_test_id("overdue-task").filter(has_text="+7 916 124-50-04")
    await expect(row).to_contain_text("12:")
    await sofia.keyboard.press("j")
    await expect(row.get_by_role("button", name="+7 916 124-50-04").first).to_be_focused()
    assert await violations(sofia) == []
    await picture(sofia, "floor-overdue")
    await row.get_by_label("Give the call back").select_option(label="Boris")
    await expect(row).to_contain_text("Boris")
    await expect(boris.get_by_role("alert").filter(has_text="It is time")).to_be_visible(timeout=15_000)
    await desk.request("POST", f"/tasks/{task['id']}/cancel")
    await expect(late).not_to_contain_text("+7 916 124-50-04")
    await desk.close()


async def test_an_administrator_sets_the_clock_of_missed_callers(browser: Window, product: Product) -> None:
    page = await browser()
    await sign_in(page, "admin")
    await page.goto("/admin/callbacks")
    form = page.get_by_test_id("clock-rules")
    within, support = form.get_by_label("Call back within"), form.get_by_label("Minutes for support")
    await within.fill("0")
    await form.get_by_role("button", name="Save").click()
    await expect(within).to_have_attribute("aria-invalid", "true")
    await within.fill("45")
    await support.fill("5")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Saved. It holds")).to_be_visible()
    assert await violations(page) == []
    await picture(page, "admin-callbacks")
    desk = Desk(product, "admin")
    await desk.sign_in()
    rules = await desk.request("GET", "/tasks/policy")
    assert (rules["callback_minutes"], rules["queues"]) == (45, [{"pbx": "main", "queue": "support", "minutes": 5}])
    await desk.request("PUT", "/tasks/policy", {**rules, "callback_minutes": 30, "queues": []})
    await within.fill("20")
    await form.get_by_role("button", name="Save").click()
    await form.get_by_role("button", name="Load it again").click()
    await expect(within).to_have_value("30")
    await desk.close()


async def missed(desk: Desk, number: str) -> dict[str, Any] | None:
    """The task of that missed caller, once there is one."""
    found = (await desk.request("GET", "/tasks?missed=true&limit=200"))["items"]
    return next((task for task in found if task["number"] == number), None)
