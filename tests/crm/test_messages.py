"""Messages to customers: a text is filled once and from a closed list, and made ready by an outcome."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.crm.message_texts import GAP, Facts, MessagePlace, Wording, fault, fill, spoken
from tests.crm.office import Caller, Office
from tests.crm.test_api_codes import add, offered
from tests.crm.test_api_outcomes import owing

AT = datetime(2026, 11, 27, 9, 5, tzinfo=UTC)
THANKS = {
    "en": {"subject": "Your call, {customer}", "text": "Hello {customer},\n{agent} calls you on {call_back}."},
    "ru": {"subject": "Ваш звонок", "text": "{customer}, {agent} перезвонит {call_back}."},
}


def test_places_are_filled_as_the_language_writes_them() -> None:
    facts = Facts(customer="Olga", agent="Anna", number="+7916", at=AT, call_back=AT.replace(day=28, hour=15))
    wording = Wording(subject="{customer}", text="{date} {time}: {call_back}, {number}, {agent}")
    said = [fill(wording, language, facts).text for language in ("en", "ru", "it")]
    assert said[0] == "27 Nov 2026 09:05: 28 Nov 2026, 15:05, +7916, Anna"
    assert said[1].startswith("27.11.2026 09:05: 28.11.2026, 15:05")
    assert said[2].startswith("27/11/2026")


def test_what_nobody_knows_is_told_and_not_made_up() -> None:
    filled = fill(Wording(text="{customer}, we call on {call_back}. {customer}!"), "en", Facts(at=AT))
    assert (filled.text, filled.lacking) == (
        f"{GAP}, we call on {GAP}. {GAP}!",
        (MessagePlace.CUSTOMER, MessagePlace.CALL_BACK),
    )


@given(st.text(max_size=300), st.text(max_size=50))
def test_a_value_stays_one_line_and_is_no_text_itself(name: str, agent: str) -> None:
    """A customer called ``{agent}``, or one with a line break and a header behind it, changes nothing else."""
    filled = fill(
        Wording(subject="Re: {customer}", text="<{customer}>"), "en", Facts(customer=name, agent=agent, at=AT)
    )
    assert len(filled.subject.splitlines()) == 1
    assert len(filled.text.splitlines()) == 1
    assert not set(filled.text) & set("\r\n\0\u202e\u2066")
    assert fill(Wording(text="{customer}"), "en", Facts(customer="{agent}", agent="Anna", at=AT)).text == "{agent}"


@pytest.mark.parametrize("text", ["{name}", "{ customer }", "{}", "{customer.__class__}", "{0}"])
def test_other_places_are_refused(text: str) -> None:
    assert fault(text) == "unknown_place"
    assert fault("{customer} { and } 100%") == "unknown_place"
    assert fault("a { alone, and {customer}") == ""


def test_the_customers_language_comes_first() -> None:
    assert spoken(("pt-BR", "it"), {"it": 1, "pt": 1}) == "pt"
    assert spoken(("", "az", "en"), {"ru": 1}) == "ru"


async def thanking(office: Office, **rules: Any) -> tuple[Caller, dict[str, Any]]:
    """A code after which an e-mail is sent; the administrator, and the template."""
    admin = await office.signed_in("root", "admin")
    made = await admin.post("/message-templates", {"name": "Thanks", "kind": "email", "texts": THANKS})
    assert made.status == 201, made.text
    await add(admin, "thanked", template_id=made.body["id"], **rules)
    return admin, dict(made.body)


async def ready(caller: Caller) -> list[dict[str, Any]]:
    return list((await caller.get("/me/prepared-messages")).body["items"])


async def test_an_outcome_makes_a_message_ready_until_it_is_taken_along(both: Office) -> None:
    admin, template = await thanking(both)
    anna, segment = await owing(both)
    (card,) = (await anna.get("/customers?q=9161234567")).body["items"]
    await anna.patch(f"/customers/{card['id']}", {"name": "Ольга", "email": "olga@example.com", "language": "ru"})
    assert (await offered(anna, segment))["thanked"]["message"] == "Thanks"
    step = {"due_at": "2026-11-28T12:30:00Z", "zone": "Europe/Moscow"}
    logged = await anna.put(f"/segments/{segment}/outcome", {"outcome": "thanked", "next_step": step})
    assert logged.status == 200
    (one,) = await ready(anna)
    assert (one["recipient"], one["subject"], one["who"]) == ("olga@example.com", "Ваш звонок", "Ольга")
    assert (one["text"], one["lacking"]) == ("Ольга, Anna перезвонит 28.11.2026, 15:30.", [])
    boris = await both.signed_in("boris")
    taken = {"state": "taken", "how": "copied"}
    assert (await boris.put(f"/prepared-messages/{one['id']}", taken)).status == 404
    assert (await anna.put(f"/prepared-messages/{one['id']}", taken)).status in (200, 204)
    assert (await ready(anna), await ready(boris)) == ([], [])
    (line,) = await both.trail("settle_message")
    assert (line.actor_name, line.details["how"]) == ("anna", "copied")
    refused = await admin.patch(f"/message-templates/{template['id']}", {"active": False})
    assert (refused.status, refused.body["code"]) == (409, "template_in_use")


async def told(caller: Caller, customer: str, query: str = "") -> list[tuple[str, str, str]]:
    """Messages in the customer's history: what became of each."""
    answer = await caller.get(f"/customers/{customer}/timeline?{query}")
    assert answer.status == 200, answer.text
    found = [item["message"] for item in answer.body["items"] if item["kind"] == "message"]
    return [(one["template"], one["state"], one["how"]) for one in found]


async def test_a_message_stands_in_the_history_of_its_customer(both: Office) -> None:
    """From the outcome on, with what it says and who has it; not once nobody wants it sent, and not on another card."""
    await thanking(both)
    anna, segment = await owing(both)
    (card,) = (await anna.get("/customers?q=9161234567")).body["items"]
    other = await anna.post("/customers", {"name": "Ivan", "numbers": [{"raw": "+79160000000"}]}, Idempotency_Key="k")
    assert await told(anna, card["id"]) == []
    await anna.put(f"/segments/{segment}/outcome", {"outcome": "thanked"})
    (one,) = await ready(anna)
    assert await told(anna, card["id"]) == [("Thanks", "open", "")]
    items = (await anna.get(f"/customers/{card['id']}/timeline?kinds=message")).body["items"]
    (item,) = items
    message = item["message"]
    assert (message["subject"], message["text"], message["kind"]) == (one["subject"], one["text"], "email")
    assert (message["by"]["username"], message["call_id"], item["at"]) == ("anna", one["call_id"], one["at"])
    await anna.put(f"/prepared-messages/{one['id']}", {"state": "taken", "how": "mail"})
    assert await told(anna, card["id"], f"person={anna.id}") == [("Thanks", "taken", "mail")]
    assert await told(anna, other.body["id"]) == await told(anna, card["id"], "kinds=call,note") == []
    boris = await both.signed_in("boris")
    assert await told(anna, card["id"], f"person={boris.id}") == []
    await anna.put(f"/prepared-messages/{one['id']}", {"state": "dropped"})
    assert await told(anna, card["id"]) == []


async def test_whoever_reads_the_card_reads_the_messages_of_those_merged_into_it_too(office: Office) -> None:
    await thanking(office)
    anna, segment = await owing(office)
    boss = await office.signed_in("boss", "admin")
    (card,) = (await anna.get("/customers?q=9161234567")).body["items"]
    await anna.put(f"/segments/{segment}/outcome", {"outcome": "thanked"})
    kept = (await anna.post("/customers", {"name": "Olga", "numbers": []}, Idempotency_Key="k")).body
    merged = await boss.post(f"/customers/{kept['id']}/merges", {"other_id": card["id"]})
    assert merged.status == 200, merged.text
    assert await told(boss, kept["id"]) == [("Thanks", "open", "")]
    colleague = await office.signed_in("boris")
    assert await told(colleague, kept["id"]) == [("Thanks", "open", "")]


async def test_what_is_said_otherwise_is_not_sent(office: Office) -> None:
    await thanking(office)
    anna, segment = await owing(office)
    await anna.put(f"/segments/{segment}/outcome", {"outcome": "thanked"})
    (one,) = await ready(anna)
    assert (one["recipient"], one["lacking"], one["language"]) == ("", ["customer", "call_back"], "en")
    await anna.put(f"/segments/{segment}/outcome", {"outcome": "solved"})
    assert await ready(anna) == []


async def test_a_template_that_cannot_be_filled_is_refused(office: Office) -> None:
    admin = await office.signed_in("root", "admin")
    made = {"name": "X", "kind": "email", "texts": {"en": {"subject": "{nobody}", "text": "x"}}}
    assert (await admin.post("/message-templates", made)).fields == {"texts.en.subject": "unknown_place"}
    made["texts"] = {"en": {"text": "x"}}
    assert (await admin.post("/message-templates", made)).fields == {"texts.en.subject": "required"}
    sms = {"name": "X", "kind": "sms", "texts": {"en": {"subject": "x", "text": "x"}}}
    assert (await admin.post("/message-templates", sms)).fields == {"texts.en.subject": "not_allowed"}
    nowhere = {"code": "x", "labels": {"en": "X"}, "template_id": "0192f0c0-0000-7000-8000-000000000000"}
    assert (await admin.post("/outcomes", nowhere)).fields == {"template_id": "not_allowed"}
