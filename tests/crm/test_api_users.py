"""People, for administrators."""

from __future__ import annotations

import asyncio

from callcenter.news import SignedOff
from tests.crm.office import PASSWORD, Office

NEW = {"username": "Boris", "display_name": "Борис", "role": "agent", "language": "ru", "password": PASSWORD}


async def test_an_administrator_adds_a_person_who_then_signs_in(both: Office) -> None:
    admin = await both.signed_in("root", "admin")
    made = await admin.post("/users", NEW)
    assert made.status == 201, made.text
    assert set(made.body) == {"id", "username", "display_name", "role", "language", "team_id", "active", "created_at"}
    assert (made.body["username"], made.body["display_name"], made.body["active"]) == ("boris", "Борис", True)
    boris = await both.caller()
    assert (await both.sign_in(boris, "boris")).body["language"] == "ru"
    assert [u["username"] for u in (await admin.get("/users")).body["items"]] == ["boris", "root"]


async def test_others_may_not(office: Office) -> None:
    anna, chief = await office.signed_in("anna"), await office.signed_in("chief", "supervisor")
    refused = [
        await caller.send(method, path, body)
        for caller in (anna, chief)
        for method, path, body in (
            ("GET", "/users", None),
            ("POST", "/users", NEW),
            ("PATCH", f"/users/{anna.id}", {"role": "admin"}),
        )
    ]
    assert {(a.status, a.code) for a in refused} == {(403, "forbidden")}


async def test_what_is_wrong_with_a_new_person_is_named(both: Office) -> None:
    admin = await both.signed_in("root", "admin")
    assert (await admin.post("/users", {**NEW, "password": "short"})).fields == {"password": "too_short"}
    assert (await admin.post("/users", {**NEW, "username": "a b"})).fields == {"username": "not_allowed"}
    assert (await admin.post("/users", {**NEW, "role": "god"})).fields == {"role": "not_allowed"}
    assert (await admin.post("/users", {**NEW, "username": "ROOT"})).fields == {"username": "taken"}


async def test_a_name_is_given_once_also_to_two_at_the_same_time(both: Office) -> None:
    admin = await both.signed_in("root", "admin")
    answers = await asyncio.gather(*(admin.post("/users", NEW) for _ in range(3)))
    assert sorted(a.status for a in answers) == [201, 422, 422]


async def test_the_last_administrator_stays_one(both: Office) -> None:
    admin = await both.signed_in("root", "admin")
    path = f"/users/{admin.id}"
    assert (await admin.patch(path, {"role": "agent"})).code == "last_admin"
    assert (await admin.patch(path, {"active": False})).code == "last_admin"
    await both.person("second", "admin")
    assert (await admin.patch(path, {"role": "agent"})).body["role"] == "agent"


async def test_two_administrators_cannot_dismiss_each_other_at_once(both: Office) -> None:
    one, two = await both.signed_in("one", "admin"), await both.signed_in("two", "admin")
    answers = await asyncio.gather(
        one.patch(f"/users/{two.id}", {"role": "agent"}), two.patch(f"/users/{one.id}", {"role": "agent"})
    )
    roles = [(await both.user(caller.id)).role for caller in (one, two) if caller.id]
    assert "admin" in roles
    assert 200 in {a.status for a in answers}


async def test_a_new_password_ends_all_sessions(both: Office) -> None:
    admin, anna = await both.signed_in("root", "admin"), await both.signed_in("anna")
    assert (await admin.patch(f"/users/{anna.id}", {"password": "another long one"})).status == 200
    assert (await anna.get("/me")).status == 401
    assert [e.user for e in both.told(SignedOff)] == [anna.id]
    assert (await both.sign_in(anna, "anna")).status == 401
    assert (await both.sign_in(anna, "anna", "another long one")).status == 200
    (line,) = await both.trail("change")
    assert line.details == {"fields": ["password"]}


async def test_no_answer_holds_a_password_or_its_hash(office: Office) -> None:
    admin = await office.signed_in("root", "admin")
    made = await admin.post("/users", NEW)
    everybody = await admin.get("/users")
    assert "argon2" not in made.text + everybody.text
    assert PASSWORD not in made.text + everybody.text
