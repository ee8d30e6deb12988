"""Nobody works before he has read what is recorded and watched; nobody is locked out in the middle of a shift."""

from __future__ import annotations

from callcenter.crm.models.trail import StaffAcknowledgement
from tests.privacy.archive import Archive

NOTICE = {"texts": {"en": "We record.", "ru": "Мы записываем."}}


async def test_work_begins_after_the_notice(both: Archive) -> None:
    admin = await both.signed_in("admin", "admin")
    assert (await admin.put("/privacy/staff-notice", NOTICE)).status == 200
    both.office.clock.move(60)
    await both.office.extension("101")
    anna = await both.office.signed_in("anna", extension="101")
    me = (await anna.get("/me")).body
    assert (me["notice_due"], me["extension"]) == (True, None)
    assert [(await anna.get(path)).code for path in ("/customers", "/calls", "/extensions")] == ["notice_required"] * 3
    await anna.patch("/me", {"language": "ru"})
    notice = (await anna.get("/me/notice")).body
    assert notice == {"due": True, "version": 1, "language": "ru", "text": "Мы записываем."}
    assert (await anna.post("/me/notice", {"version": 1, "language": "ru"})).body["due"] is False
    assert (await anna.get("/customers")).status == 200
    assert (await anna.put("/me/extension", {"extension": "101"})).body["extension"] == "101"
    kept = await both.db.read(lambda s: s.query(StaffAcknowledgement).one())
    assert (kept.user_id, kept.language) == (anna.id, "ru")
    assert len(await both.office.trail("acknowledge")) == 1


async def test_a_new_text_is_read_at_the_next_sign_in_and_not_in_the_middle_of_a_shift(archive: Archive) -> None:
    admin, anna = await archive.signed_in("admin", "admin"), await archive.signed_in("anna")
    archive.office.clock.move(60)
    await admin.put("/privacy/staff-notice", NOTICE)
    assert (await anna.get("/customers")).status == 200
    archive.office.clock.move(60)
    again = await archive.office.caller()
    assert (await archive.office.sign_in(again, "anna")).body["notice_due"] is True
    await again.post("/me/notice", {"version": 1, "language": "en"})
    await admin.put("/privacy/staff-notice", {"texts": {"en": "We record more."}})
    archive.office.clock.move(60)
    once_more = await archive.office.caller()
    assert (await archive.office.sign_in(once_more, "anna")).body["notice_due"] is True
    stale = await once_more.post("/me/notice", {"version": 1, "language": "en"})
    assert stale.code == "notice_changed"
    assert (await admin.get("/privacy/staff-notice")).body["confirmed"] == 0


async def test_the_same_text_again_asks_nobody(archive: Archive) -> None:
    admin = await archive.signed_in("admin", "admin")
    versions = [(await admin.put("/privacy/staff-notice", NOTICE)).body["version"] for _ in range(2)]
    assert versions == [1, 1]


async def test_an_empty_text_is_none(archive: Archive) -> None:
    admin = await archive.signed_in("admin", "admin")
    assert (await admin.put("/privacy/staff-notice", {"texts": {"en": "  "}})).fields == {"texts": "required"}
