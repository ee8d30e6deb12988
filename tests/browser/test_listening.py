"""A supervisor's morning: a word that somebody said, the talk from there on, by keyboard, and a trail of all of it; he
scores the talk meanwhile, its agent disputes the score, and it is settled."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from typing import Any, Final

from playwright.async_api import Page, expect

from callcenter.demo.spool import dialogues
from tests.browser.conftest import picture, sign_in
from tests.browser.second_file import a_second_file
from tests.browser.test_access import violations
from tests.lab.phones import Floor
from tests.lab.speech import side
from tests.pbx.job.product import Desk, Product
from tests.until import until_async

Window = Callable[[], Awaitable[Page]]
NUMBERS: Final = ("79161240071", "79161240072", "79161240073")


async def recorded(floor: Floor, product: Product) -> dict[str, Any]:
    """A call that Chiara took, ended and settled, with its sound in the store and its words. On a machine that does not
    keep up, phones stammer: a talk in which nobody understands what matters is had again."""
    chiara, sofia = Desk(product, "chiara"), Desk(product, "sofia")
    await chiara.sign_in()
    await sofia.sign_in()
    await chiara.listen()
    await chiara.request("PUT", "/me/extension", {"extension": "103"})
    talk = next(one for one in dialogues() if one.name == "late_delivery")
    floor.phone("103", answer_ms=200, sound=side(talk, caller=False))
    call: dict[str, Any] | None = None
    for number in NUMBERS:
        caller = floor.caller(number, "7001", talk_ms=7000, sound=side(talk, caller=True))
        await until_async(caller.ended, 30, "the call's end")
        await until_async(chiara.owed, 10, "Chiara owing")
        await chiara.request("PUT", f"/segments/{chiara.owed()[0]['id']}/outcome", {"outcome": "solved", "comment": ""})
        call = await until_async(partial(stored, sofia, number), 60, "the recording with its text")
        if understood(product):
            break
    await chiara.close()
    await sofia.close()
    assert call is not None
    return call


async def stored(sofia: Desk, number: str) -> dict[str, Any] | None:
    calls = (await sofia.request("GET", f"/calls?number={number}"))["items"]
    return calls[0] if calls and [r["transcript_state"] for r in calls[0]["recordings"]] == ["done"] else None


def understood(product: Product) -> bool:
    """Read past the product: who reads a transcript by its interface is on the trail."""
    with closing(sqlite3.connect(product.folder / "state" / "callcenter.sqlite3")) as database:
        return any("cancel my order" in text for (text,) in database.execute("SELECT text FROM utterances"))


async def test_a_supervisors_morning(browser: Window, floor: Floor, product: Product) -> None:
    call = await recorded(floor, product)
    page = await browser()
    await sign_in(page, "sofia")
    await finds_a_word(page)
    play, comments = page.get_by_role("button", name="Play", exact=True), page.get_by_test_id("comments")
    position, pause = page.get_by_label("Position"), page.get_by_role("button", name="Pause", exact=True)
    await expect(page.get_by_text("Customer and agents on separate tracks")).to_be_visible()
    await expect(comments).to_contain_text("Nobody has said anything")
    await the_transcript_follows(page)
    await expect(position).to_have_attribute("aria-valuetext", "0:02")
    await page.keyboard.press("Space")
    await expect(play).to_be_visible()
    await page.keyboard.press("]")
    await expect(page.get_by_role("button", name="Speed 1.25×")).to_be_visible()
    await page.keyboard.press("s")
    await expect(page.get_by_role("button", name="Skip silence")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("c")
    await page.keyboard.type("Good opening")
    await page.keyboard.press("Control+Enter")
    await expect(comments).to_contain_text("Good opening")
    await page.keyboard.press("Escape")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await expect(position).to_have_attribute("aria-valuetext", "0:00")
    await page.keyboard.press(".")
    await expect(pause).to_be_visible()
    await expect(position).not_to_have_attribute("aria-valuetext", "0:00")
    async with page.expect_download() as taken:
        await page.get_by_role("link", name="Download").click()
    assert (await (await taken.value).path()).read_bytes()[:4] in (b"RIFF", b"\x1a\x45\xdf\xa3")
    await picture(page, "recording")
    assert await violations(page) == []
    await page.emulate_media(color_scheme="dark")
    await picture(page, "recording-dark")
    assert await violations(page) == []
    await page.get_by_role("link", name="To the call").click()
    await expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    await the_trail_tells(product, call["recordings"][0]["id"])
    agent = await browser()
    await sign_in(agent, "chiara")
    await scored_while_listening(page, product)
    await disputed_and_settled(page, agent)
    await several_files_are_one(page, product, call)


async def several_files_are_one(page: Page, product: Product, call: dict[str, Any]) -> None:
    """One waveform with the gap between them, one transcript; what was said in the second is heard there, and leaps go
    back into the first and over the gap into the second again."""
    await a_second_file(product, call)
    await page.goto(f"/recordings/{call['recordings'][0]['id']}")
    position, said = page.get_by_label("Position"), page.locator(".said li")
    await expect(page.get_by_test_id("gap")).to_have_count(1)
    await expect(page.locator(".band canvas").first).to_be_visible()
    await page.get_by_text("Made of 2 files").click()
    later = said.filter(has_text="refund for my order")
    await later.get_by_role("button").click()
    await expect(later).to_have_attribute("aria-current", "true")
    await expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    await page.keyboard.press("Space")
    await expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    await picture(page, "files-dark")
    await page.emulate_media(color_scheme="light")
    await picture(page, "files")
    assert await violations(page) == []
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await expect(position).to_have_attribute("aria-valuetext", re.compile("0:0[1-7]"))
    await expect(later).not_to_have_attribute("aria-current", "true")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await expect(later).to_have_attribute("aria-current", "true")


async def scored_while_listening(page: Page, product: Product) -> None:
    """By keyboard beside the player: an answer, words, the moment that plays; a critical question makes it nothing."""
    admin = Desk(product, "admin")
    await admin.sign_in()
    questions = [{"kind": "yes_no", "text": "Greeted", "may_not_apply": True}]
    law = [{"kind": "yes_no", "text": "Said that we record", "critical": True}]
    sections = [{"title": "Opening", "questions": questions}, {"title": "Law", "questions": law}]
    await admin.request("POST", "/score-forms", {"name": "Service", "sections": sections})
    await admin.close()
    await page.reload()
    await page.get_by_role("button", name="Evaluate Chiara").click()
    panel = page.get_by_test_id("score-panel")
    await expect(panel).to_be_visible()
    await page.keyboard.press("Alt+k")
    await expect(page.get_by_label("Position")).to_have_attribute("aria-valuetext", "0:01")
    await panel.get_by_role("radio", name="Yes").first.focus()
    await page.keyboard.press("Alt+m")
    await page.keyboard.press("Alt+k")
    await page.keyboard.press("1")
    await panel.get_by_label("Comment on “Greeted”").fill("Warmly")
    await panel.get_by_role("button", name="Publish").click()
    await expect(panel).to_contain_text("1 question has no answer")
    await panel.get_by_role("radio", name="No").last.focus()
    await page.keyboard.press("0")
    await expect(page.get_by_test_id("score-so-far")).to_have_text("0%")
    await picture(page, "score-dark")
    assert await violations(page) == []
    await panel.get_by_role("button", name="Publish").click()
    await expect(page.get_by_test_id("score-state")).to_have_text("Published")


async def disputed_and_settled(page: Page, agent: Page) -> None:
    """The agent is told at once, hears the moment, disputes; the supervisor, told in turn, counts it anew."""
    await agent.get_by_role("alert").or_(agent.get_by_role("status")).get_by_role("button", name="Open").click()
    await expect(agent.get_by_test_id("score")).to_have_text("0%")
    await agent.get_by_role("button", name="Play from 0:0").click()
    await expect(agent.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    await agent.get_by_role("button", name="I do not agree").click()
    await agent.get_by_label("Why do you not agree?").fill("I said it")
    await agent.get_by_role("button", name="Send the objection").click()
    await expect(page.get_by_test_id("dispute")).to_contain_text("I said it")
    await page.get_by_label("Change answers").check()
    await page.locator("[data-question]").last.get_by_text("Yes").click()
    await page.get_by_label("Reason").fill("Right")
    assert await violations(page) == []
    await page.get_by_role("button", name="Settle the dispute").click()
    await expect(agent.get_by_test_id("score-state")).to_have_text("Settled")
    await expect(agent.get_by_test_id("score")).to_have_text("100%")
    assert await violations(agent) == []
    await picture(agent, "score-settled")


async def finds_a_word(page: Page) -> None:
    """Who said "cancel": the hit's talk opens and plays from there."""
    await page.goto("/calls/words")
    await page.get_by_role("searchbox", name="Words").fill("cancel")
    await page.keyboard.press("Enter")
    hit = page.locator(".hit", has_text="cancel my order").first
    await expect(hit).to_contain_text("Customer")
    await hit.get_by_role("link", name="Listen on a page of its own").click()
    await expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    await expect(page.get_by_label("Position")).to_have_attribute("aria-valuetext", "0:03")
    assert "at=" in page.url


async def the_transcript_follows(page: Page) -> None:
    """The line that is heard is marked; another one is heard when it is clicked."""
    said = page.locator(".said li")
    await expect(said.locator("xpath=self::*[@aria-current]")).to_contain_text("cancel my order")
    first = said.first
    await first.get_by_role("button").click()
    await expect(first).to_have_attribute("aria-current", "true")
    await expect(first).to_contain_text("Chiara")


async def the_trail_tells(product: Product, recording: str) -> None:
    admin = Desk(product, "admin")
    await admin.sign_in()

    async def heard() -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = (await admin.request("GET", f"/audit?thing_id={recording}"))["items"]
        return lines if sum(line["verb"] == "heard" for line in lines) > 1 else []

    lines = await until_async(heard, 10, "the parts that were heard")
    assert {line["actor_name"] for line in lines} == {"sofia"}
    verbs = {"listen", "heard", "comment", "download", "read_transcript"}
    assert verbs <= {line["verb"] for line in lines}
    heard_parts = [part for line in lines if line["verb"] == "heard" for part in line["details"]["parts"]]
    assert any(part.endswith(("-0:03", "-0:04")) for part in heard_parts)
    await admin.close()
