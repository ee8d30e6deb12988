"""Signing in, staying in, going out; who sits where."""

from __future__ import annotations

import asyncio

from callcenter.crm import rosters
from callcenter.crm.models.people import SignIn
from callcenter.news import RosterChanged, SignedOff
from callcenter.roster import Device
from tests.crm.office import Office


async def test_a_right_password_signs_in_and_tells_who_one_is(both: Office) -> None:
    await both.extension("101")
    await both.person("anna")
    anna = await both.caller()
    answer = await both.sign_in(anna, " Anna ", extension="101")
    assert answer.status == 200
    assert (answer.body["username"], answer.body["role"], answer.body["extension"]) == ("anna", "agent", "101")
    assert answer.body["extensions_free"] == []
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert (await anna.get("/me")).body["extension"] == "101"


async def test_only_a_hash_of_the_token_is_kept(office: Office) -> None:
    await office.signed_in("anna")
    kept = await office.db.read(lambda s: s.query(SignIn.token_hash).scalar())
    assert len(kept) == 64


async def test_a_wrong_password_and_an_unknown_name_are_refused_alike(office: Office) -> None:
    await office.person("anna")
    caller = await office.caller()
    wrong = await office.sign_in(caller, "anna", "not the password")
    unknown = await office.sign_in(caller, "nobody", "not the password")
    assert (wrong.status, wrong.code) == (401, "wrong_credentials")
    assert wrong.body == unknown.body
    assert (await caller.get("/me")).code == "signed_out"


async def test_guessing_is_slowed_down_even_when_it_is_done_in_parallel(both: Office) -> None:
    await both.person("anna")
    caller = await both.caller()
    answers = await asyncio.gather(*(both.sign_in(caller, "anna", f"guess number {n}") for n in range(14)))
    throttled = [a for a in answers if a.status == 429]
    assert len(throttled) >= 2
    assert all(a.code == "throttled" and int(a.headers["Retry-After"]) > 0 for a in throttled)
    assert (await both.sign_in(caller, "anna")).code == "throttled"
    both.clock.move(16 * 60)
    assert (await both.sign_in(caller, "anna")).status == 200


async def test_one_address_cannot_try_many_names(office: Office) -> None:
    caller = await office.caller()
    answers = [await office.sign_in(caller, f"name{n}", "a password") for n in range(51)]
    assert [a.status for a in answers] == [401] * 50 + [429]


async def test_signing_out_ends_the_session_and_leaves_the_desk(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    boris = await both.signed_in("boris")
    assert (await anna.delete("/session")).status == 204
    assert (await anna.get("/me")).status == 401
    assert [e.user for e in both.told(SignedOff)] == [anna.id]
    assert [free["number"] for free in (await boris.get("/me")).body["extensions_free"]] == ["101"]
    assert both.told(RosterChanged)[-1].roster.bindings == ()


async def test_a_revoked_session_is_over_at_once(office: Office) -> None:
    anna = await office.signed_in("anna")
    laptop = await office.caller()
    await office.sign_in(laptop, "anna")
    listed = (await anna.get("/sessions")).body["items"]
    (other,) = [s for s in listed if not s["current"]]
    assert (await anna.delete(f"/sessions/{other['id']}")).status == 204
    assert (await laptop.get("/me")).code == "signed_out"
    assert (await anna.get("/me")).status == 200
    assert str(office.told(SignedOff)[0].session) == other["id"]


async def test_nobody_ends_other_peoples_sessions(office: Office) -> None:
    anna = await office.signed_in("anna")
    boris = await office.signed_in("boris")
    (hers,) = (await anna.get("/sessions")).body["items"]
    assert (await boris.delete(f"/sessions/{hers['id']}")).status == 404
    assert (await anna.get("/me")).status == 200


async def test_an_idle_session_ends_and_a_used_one_goes_on(office: Office) -> None:
    idle, busy = await office.signed_in("anna"), await office.signed_in("boris")
    office.clock.move(11 * 3600)
    assert (await busy.get("/me")).status == 200
    office.clock.move(2 * 3600)
    assert (await idle.get("/me")).status == 401
    assert (await busy.get("/me")).status == 200


async def test_no_session_lives_longer_than_a_week(office: Office) -> None:
    anna = await office.signed_in("anna")
    for _ in range(14):
        office.clock.move(11 * 3600)
        assert (await anna.get("/me")).status == 200
    office.clock.move(20 * 3600)
    assert (await anna.get("/me")).status == 401


async def test_a_deactivated_person_is_out_everywhere(both: Office) -> None:
    admin = await both.signed_in("root", "admin")
    anna = await both.signed_in("anna", extension="101")
    assert (await admin.patch(f"/users/{anna.id}", {"active": False})).body["active"] is False
    assert (await anna.get("/me")).status == 401
    assert (await both.sign_in(anna, "anna")).code == "wrong_credentials"
    assert both.told(RosterChanged)[-1].roster.bindings == ()


async def test_a_taken_desk_is_refused_and_a_supervisor_takes_it_over(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    await both.person("boris")
    boris = await both.caller()
    refused = await both.sign_in(boris, "boris", extension="101")
    assert (refused.status, refused.code) == (409, "extension_taken")
    assert "anna" not in refused.text.lower()
    assert (await boris.get("/me")).status == 401
    chief = await both.signed_in("chief", "supervisor")
    assert (await chief.put("/me/extension", {"extension": "101"})).code == "extension_taken"
    assert (await chief.put("/me/extension", {"extension": "101", "take_over": True})).body["extension"] == "101"
    assert (await anna.get("/me")).body["extension"] is None
    seated = both.told(RosterChanged)[-1].roster
    assert seated.agent_at(Device(pbx="main", name="PJSIP/101"), both.clock.now()) == chief.id


async def test_an_agent_may_not_take_over(office: Office) -> None:
    await office.signed_in("anna", extension="101")
    boris = await office.signed_in("boris")
    assert (await boris.put("/me/extension", {"extension": "101", "take_over": True})).status == 403


async def test_of_extensions_with_one_number_one_says_which_pbx_is_meant(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    await both.extension("101", "branch")
    await both.extension("102", "branch")
    boris = await both.signed_in("boris")
    free = (await boris.get("/me")).body["extensions_free"]
    assert [(desk["number"], desk["pbx"], desk["twin"]) for desk in free] == [
        ("101", "branch", True),
        ("102", "branch", False),
    ]
    again = await both.caller()
    assert (await both.sign_in(again, "boris", extension="101")).code == "extension_ambiguous"
    assert (await boris.put("/me/extension", {"extension": "101"})).code == "extension_ambiguous"
    assert (await boris.put("/me/extension", {"extension": "101", "pbx": "main"})).code == "extension_taken"
    assert (await boris.put("/me/extension", {"extension": "102", "pbx": "main"})).code == "extension_unknown"
    his = (await both.sign_in(again, "boris", extension="101", pbx="branch")).body
    assert (his["extension"], his["pbx"], his["twin"]) == ("101", "branch", True)
    assert ((await anna.get("/me")).body["pbx"], (await boris.get("/me")).body["extensions_free"][0]["number"]) == (
        "main",
        "102",
    )
    roster, now = both.told(RosterChanged)[-1].roster, both.clock.now()
    sitting = [roster.agent_at(Device(pbx=pbx, name="PJSIP/101"), now) for pbx in ("main", "branch")]
    assert sitting == [anna.id, boris.id]


async def test_an_unknown_desk_is_told(office: Office) -> None:
    anna = await office.signed_in("anna")
    answer = await anna.put("/me/extension", {"extension": "999"})
    assert (answer.status, answer.code) == (404, "extension_unknown")
    assert "999" not in answer.text


async def test_who_went_home_without_signing_out_blocks_no_desk(office: Office) -> None:
    await office.signed_in("anna", extension="101")
    office.clock.move(13 * 3600)
    boris = await office.signed_in("boris")
    assert [free["number"] for free in (await boris.get("/me")).body["extensions_free"]] == ["101"]
    assert (await boris.put("/me/extension", {"extension": "101"})).body["extension"] == "101"


async def test_extensions_tell_who_sits_there(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    await office.extension("102")
    first, second = (await anna.get("/extensions")).body["items"]
    assert (first["number"], first["devices"], first["agent"]["username"]) == ("101", ["PJSIP/101"], "anna")
    assert second["agent"] is None


async def test_the_language_is_ones_own_to_change(office: Office) -> None:
    anna = await office.signed_in("anna")
    assert (await anna.patch("/me", {"language": "az"})).body["language"] == "az"
    assert (await anna.patch("/me", {"language": "x" * 50})).fields == {"language": "invalid"}


async def test_a_ticket_is_issued_to_who_is_signed_in(office: Office) -> None:
    anna, nobody = await office.signed_in("anna"), await office.caller()
    assert len((await anna.post("/session/ticket")).body["ticket"]) > 20
    assert (await nobody.post("/session/ticket")).status == 401


async def test_who_is_signed_in_nowhere_any_more_leaves_his_desk(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    boris = await office.signed_in("boris", extension="102")
    office.clock.move(11 * 3600)
    await boris.get("/me")
    office.clock.move(2 * 3600)
    assert await office.db.write(lambda s: rosters.vacate(s, office.clock.now())) == 1
    roster = await office.db.read(rosters.load)
    assert [binding.agent for binding in roster.bindings] == [boris.id]
    assert [line.thing_id for line in await office.trail("vacate")] == [str(anna.id)]
