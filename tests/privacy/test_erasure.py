"""A person erased is nowhere any more: not in a column, not in a file; and may call again as somebody new."""

from __future__ import annotations

import io
import json
import zipfile
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.cards import CustomerTag, MergeRow, NoteRow
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer, PhoneNumber
from callcenter.crm.models.imports import Import, ImportRow
from callcenter.crm.models.listening import CommentRow
from callcenter.crm.models.messages import MessageTemplate, PreparedMessage
from callcenter.crm.models.outcomes import Deferral, DoNotCall
from callcenter.crm.models.people import User
from callcenter.crm.models.privacy import LegalHold
from callcenter.crm.models.routing import BlockedNumber
from callcenter.crm.models.scores import Evaluation, EvaluationAnswer, ScoreForm, ScoreFormVersion
from callcenter.crm.models.tasks import DialRow, Task, TaskReminder
from callcenter.crm.models.transcripts import Transcript, Utterance
from callcenter.crm.privacy.registry import COLUMNS, About
from callcenter.events import QueueResult
from tests.crm.office import Caller, talked
from tests.privacy.archive import SOUND, Archive
from tests.spine.story import START, Story

NUMBER = "+79161234567"
TAIL = "161234567"
NAME = "Zebulon"
REQUEST = {"reason": "request", "reference": "DSR-7"}


async def zebulon(archive: Archive, admin: Caller) -> str:
    """A customer who left his name and number wherever they can be left; his card's id."""
    anna = await archive.signed_in("anna", extension="101")
    card = {"name": f"{NAME} Quist", "organisation": f"{NAME} & Sons", "address": f"{NAME} Street", "note": f"{NAME}!"}
    body = {**card, "email": "zebulon@example.com", "numbers": [{"raw": NUMBER, "label": f"{NAME} home"}]}
    made = await admin.post("/customers", body, Idempotency_Key=f"import {NUMBER}")
    assert made.status == 201, made.text
    for n in (1, 2):
        await archive.office.happens(talked("101", uniqueid=f"1700000000.{n}", caller=NUMBER))
    segments = await archive.db.read(lambda s: list(s.scalars(select(SegmentRow.id).order_by(SegmentRow.id))))
    for segment in segments:
        said = {"outcome": "solved", "comment": f"{NAME} at {NUMBER}"}
        assert (await anna.put(f"/segments/{segment}/outcome", said)).status == 200

    await archive.db.write(lambda s: scatter(s, UUID(made.body["id"])))
    calls = await archive.db.read(lambda s: list(s.scalars(select(CallRow.id))))
    await archive.db.write(judge)
    heard = await archive.record(calls[0], START, "1700000000.1")
    await archive.db.write(lambda s: transcribe(s, heard))
    journal = (
        f"CallerIDNum: 79161234567\r\nCallerIDName: {NAME} Quist\r\nExten: 9161234567\r\nUniqueid: 1700000000.1\r\n"
    )
    (archive.journals / "main-1.ami").write_text(journal)
    return str(made.body["id"])


def scatter(session: Session, customer: UUID) -> None:
    """Everything else in which a customer's name or number may stand, with a person who was merged into him."""
    session.execute(update(SegmentRow).values(draft_comment=f"call {NAME} on {NUMBER}", handed_to=NUMBER))
    session.execute(update(SegmentRow).values(draft_more={"card": {"name": NAME}}))
    session.execute(update(CallRow).values(name=f"{NAME} Quist", number_read=NUMBER))
    session.execute(update(Customer).values(extra={"nickname": NAME}))
    session.execute(update(ContactPoint).values(extension=NAME, note=f"{NAME}'s desk"))
    session.execute(update(ContactWay).values(label=f"{NAME} work", note=f"{NAME} reads it"))
    call, user = session.scalars(select(CallRow.id)).first(), session.scalars(select(User.id)).first()
    twin = Customer(name=f"{NAME} Twin", merged_into=customer, created_at=START, updated_at=START)
    task = Task(kind="promise", subject=f"{NAME}!", note=NUMBER, customer_id=customer, origin_call_id=call)
    task.order_at, task.created_at, task.updated_at, task.closed_at, task.state = START, START, START, START, "done"
    session.add_all([twin, task])
    session.flush()
    dial = DialRow(agent_id=user, pbx="main", device="PJSIP/101", number=NUMBER, customer_id=customer, task_id=task.id)
    dial.call_id, dial.state, dial.asked_at = call, "ended", START
    merged = MergeRow(loser_id=twin.id, survivor_id=customer, at=START, snapshot={"name": f"{NAME} Twin"})
    note = NoteRow(customer_id=customer, text=f"{NAME} on {NUMBER}", created_at=START)
    tag = CustomerTag(customer_id=customer, folded=f"{NAME} fan".casefold(), tag=f"{NAME} fan")
    held = LegalHold(customer_id=customer, reference=f"{NAME}?", by_id=user, at=START, released_at=START)
    sheet = Import(filename="cards.csv", columns=["name"], columns_key="name", mapping=["name"], region="RU", rows=1)
    sheet.created_at = START
    session.add(sheet)
    session.flush()
    row = ImportRow(import_id=sheet.id, n=1, fate="changed", customer_id=customer, cells=[NAME], before={"name": NAME})
    number = session.scalars(select(PhoneNumber.id)).first()
    session.add(BlockedNumber(number_id=number, reason="spam", created_at=START))
    segment = session.scalars(select(SegmentRow.id)).first()
    who = {"agent_id": user, "holder_id": user, "by_id": user}
    session.add(DoNotCall(customer_id=customer, why=f"{NAME} asked so", by_id=user, at=START))
    session.add(Deferral(segment_id=segment, why="handed", note=f"{NAME} asks", at=START, until=START, **who))
    thanks = MessageTemplate(name="Thanks", kind="sms", texts={})
    session.add(thanks)
    session.flush()
    ready = PreparedMessage(segment_id=segment, template_id=thanks.id, for_id=user, kind="sms", language="en", at=START)
    ready.recipient, ready.subject, ready.text, ready.lacking = NUMBER, NAME, f"Dear {NAME}", []
    session.add(ready)
    session.add_all([row, dial, merged, note, tag, held, TaskReminder(task_id=task.id, user_id=user, at=START)])


INDEX = {"passages", "passage_words", "passage_words_data", "passage_words_content"}
"""The index of words: what stands there stands in the rows it was made of."""


def transcribe(session: Session, recording: UUID) -> None:
    said = {"start_s": 0.0, "end_s": 1.0, "confidence": 1.0}
    words = [{"text": NAME, **said}]
    line = Utterance(recording_id=recording, seq=0, speaker="customer", text=f"{NAME} here", words=words, **said)
    by = session.scalars(select(User.id)).first()
    comment = CommentRow(recording_id=recording, author_id=by, at_s=0.0, text=f"{NAME} is angry", created_at=START)
    session.add_all([Transcript(recording_id=recording, state="done", at=START), line, comment])


def judge(session: Session) -> None:
    """A supervisor wrote what he thought of the talk."""
    part, by = session.scalars(select(SegmentRow)).all()[0], session.scalars(select(User.id)).all()[0]
    form = ScoreForm(name="Service")
    session.add(form)
    session.flush()
    version = ScoreFormVersion(form_id=form.id, number=1, name="Service", content=[], by_id=by, at=START)
    session.add(version)
    session.flush()
    told = Evaluation(form_id=form.id, form_version_id=version.id, call_id=part.call_id, segment_id=part.id, score=0.25)
    told.agent_id, told.evaluator_id, told.state, told.created_at, told.at = by, by, "settled", START, START
    told.summary, told.dispute, told.settlement = f"{NAME} is angry", f"{NAME} lied", f"called {NUMBER}"
    session.add(told)
    session.flush()
    words = {"words": f"Dear {NAME}", "comment": f"said {NAME}"}
    session.add(EvaluationAnswer(evaluation_id=told.id, question_id=form.id, given=1, share=1.0, **words))


async def erase(admin: Caller, customer: str) -> dict[str, object]:
    shown = await admin.get(f"/customers/{customer}/erasure")
    assert (shown.status, shown.body["open"], shown.body["held"]) == (200, False, False)
    done = await admin.post(f"/customers/{customer}/erasure", {**REQUEST, "preview": shown.body["preview"]})
    assert done.status == 200, done.text
    return dict(done.body)


async def test_an_erased_person_is_in_no_column_and_in_no_file(both: Archive) -> None:
    await both.allow()
    admin = await both.signed_in("admin", "admin")
    customer = await zebulon(both, admin)
    about = {column for column, whom in COLUMNS.items() if whom is About.CUSTOMER}
    stood = await both.where(TAIL) | await both.where(NAME)
    assert stood >= {column for column in about if column.partition(".")[0] not in {"erasures", "phone_numbers"}}
    known = {column.partition(".")[0] for column in about} | INDEX
    assert {column.partition(".")[0] for column in stood} <= known
    assert both.files_with(TAIL) == {"main-1.ami"}
    done = await erase(admin, customer)
    assert (await both.where(TAIL), await both.where(NAME), await both.where("quist")) == (set(), set(), set())
    assert (both.files_with(TAIL), both.files_with(NAME), both.files_with(SOUND.decode())) == (set(), set(), set())
    assert done["done"]
    assert done["report"]["files"] == {"audio": 1, "pbx_files": 3, "journal_places": 3}  # type: ignore[index]
    assert done["report"]["remains"] == {}  # type: ignore[index]


async def test_the_facts_of_the_calls_stay_for_the_reports(archive: Archive) -> None:
    await archive.allow()
    admin = await archive.signed_in("admin", "admin")
    customer = await zebulon(archive, admin)
    before = (await admin.get("/calls")).body["items"]
    await erase(admin, customer)
    after = (await admin.get("/calls")).body["items"]
    facts = [("id", "started_at", "ended_at", "result", "did"), ("talk_s", "outcome", "outcome_state")]
    kept = [[[c[f] for f in facts[0]] + [c["segments"][0][f] for f in facts[1]] for c in cs] for cs in (before, after)]
    assert kept[0] == kept[1]
    assert {(c["number"], c["name"], c["customer"]) for c in after} == {("…", "", None)}
    assert {r["state"] for c in after for r in c["recordings"]} == {"erased"}
    assert await archive.db.read(lambda s: s.scalars(select(Evaluation.score)).all()) == [0.25]
    assert (await admin.get(f"/customers/{customer}")).status == 404


async def test_the_trail_stays_whole_and_knows_who_erased(archive: Archive) -> None:
    await archive.allow()
    admin = await archive.signed_in("admin", "admin")
    customer = await zebulon(archive, admin)
    await erase(admin, customer)
    (line,) = await archive.office.trail("erase")
    assert (line.actor_name, line.thing_id, line.details["reason"]) == ("admin", customer, "request")
    assert len(await archive.office.trail("create")) == 1


async def test_an_erased_number_may_call_again_as_somebody_new(archive: Archive) -> None:
    await archive.allow()
    admin = await archive.signed_in("admin", "admin")
    customer = await zebulon(archive, admin)
    await erase(admin, customer)
    await archive.office.happens(talked("101", uniqueid="1700000009.1", caller=NUMBER))
    (call, *_) = (await admin.get("/calls")).body["items"]
    assert call["customer"]["id"] != customer
    assert (call["customer"]["name"], call["customer"]["calls"], call["number"]) == ("", 1, NUMBER)


async def test_others_who_share_the_number_keep_theirs(archive: Archive) -> None:
    await archive.allow()
    admin = await archive.signed_in("admin", "admin")
    customer = await zebulon(archive, admin)
    sister = await admin.post("/customers", {"name": "Ada", "numbers": [{"raw": NUMBER}]})
    done = await erase(admin, customer)
    card = (await admin.get(f"/customers/{sister.body['id']}")).body
    assert [number["e164"] for number in card["numbers"]] == [NUMBER]
    assert await archive.where(NAME) == set()
    hers = {f"phone_numbers.{column}" for column in ("key", "e164", "tail")} | {"contact_points.raw"}
    assert done["report"]["remains"] == dict.fromkeys(hers, 1)  # type: ignore[index]


async def test_it_is_refused_while_a_hold_is_on_it(archive: Archive) -> None:
    await archive.allow()
    admin = await archive.signed_in("admin", "admin")
    customer = await zebulon(archive, admin)
    hold = await admin.post("/legal-holds", {"customer_id": customer, "reference": "case 12"})
    shown = (await admin.get(f"/customers/{customer}/erasure")).body
    refused = await admin.post(f"/customers/{customer}/erasure", {**REQUEST, "preview": shown["preview"]})
    assert (shown["held"], refused.status, refused.code) == (True, 409, "legal_hold")
    assert (await admin.delete(f"/legal-holds/{hold.body['id']}")).status == 204
    await erase(admin, customer)


async def test_it_is_refused_while_the_person_talks_or_an_outcome_is_owed(archive: Archive) -> None:
    admin = await archive.signed_in("admin", "admin")
    await archive.signed_in("anna", extension="101")
    story = Story(number=NUMBER).arrives().joins().rings("101").answers("101").leaves(QueueResult.ANSWERED)
    await archive.office.happens(story)
    customer = (await admin.get("/calls")).body["items"][0]["customer"]["id"]
    shown = (await admin.get(f"/customers/{customer}/erasure")).body
    refused = await admin.post(f"/customers/{customer}/erasure", {**REQUEST, "preview": shown["preview"]})
    assert (shown["open"], refused.code) == (True, "still_open")


async def test_it_is_refused_when_something_came_after_the_preview(archive: Archive) -> None:
    await archive.allow()
    admin = await archive.signed_in("admin", "admin")
    customer = await zebulon(archive, admin)
    shown = (await admin.get(f"/customers/{customer}/erasure")).body
    await admin.post(f"/customers/{customer}/numbers", {"raw": "+79161234500"})
    late = await admin.post(f"/customers/{customer}/erasure", {**REQUEST, "preview": shown["preview"]})
    assert (late.status, late.code) == (409, "preview_outdated")


async def test_files_that_could_not_go_at_once_go_by_the_job(archive: Archive) -> None:
    await archive.allow()
    admin = await archive.signed_in("admin", "admin")
    customer = await zebulon(archive, admin)
    journal = archive.journals / "main-1.ami"
    told = journal.read_bytes()
    journal.unlink()
    journal.mkdir()
    shown = (await admin.get(f"/customers/{customer}/erasure")).body
    late = await admin.post(f"/customers/{customer}/erasure", {**REQUEST, "preview": shown["preview"]})
    assert late.status == 500
    (waiting,) = (await admin.get("/erasures")).body["items"]
    assert waiting["done"] is False
    journal.rmdir()
    journal.write_bytes(told)
    await archive.law.eraser.job({"erasure": waiting["id"]})
    (done,) = (await admin.get("/erasures")).body["items"]
    assert (done["done"], archive.files_with(TAIL), await archive.where(TAIL)) == (True, set(), set())


async def test_an_export_holds_everything_and_is_on_the_trail(archive: Archive) -> None:
    await archive.allow()
    admin = await archive.signed_in("admin", "admin")
    customer = await zebulon(archive, admin)
    async with admin.http.get(f"/api/v1/customers/{customer}/export") as answer:
        assert answer.status == 200
        archive_of = zipfile.ZipFile(io.BytesIO(await answer.read()))
    told = json.loads(archive_of.read("person.json"))
    assert told["customers"][0]["name"] == f"{NAME} Quist"
    assert [point["raw"] for point in told["contact_points"]] == [NUMBER]
    assert {outcome["comment"] for outcome in told["outcomes"]} == {f"{NAME} at {NUMBER}"}
    assert (len(told["calls"]), len(told["recordings"])) == (2, 1)
    assert [comment["text"] for comment in told["recording_comments"]] == [f"{NAME} is angry"]
    (judged,) = told["evaluations"]
    assert judged["summary"] == f"{NAME} is angry"
    assert {"score", "failed", "verdict"}.isdisjoint(judged)
    assert archive_of.read(f"audio/{told['recordings'][0]['id']}.wav") == SOUND
    assert [line.thing_id for line in await archive.office.trail("export")] == [customer]


async def test_only_administrators_export_and_erase(archive: Archive) -> None:
    admin = await archive.signed_in("admin", "admin")
    sofia = await archive.signed_in("sofia", "supervisor")
    made = UUID((await admin.post("/customers", {"name": "Ada"})).body["id"])
    asked = [f"/customers/{made}/export", f"/customers/{made}/erasure", "/erasures", "/audit", "/privacy/recording"]
    assert [(await sofia.get(path)).status for path in asked] == [403] * 5
