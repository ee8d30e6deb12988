"""Words found in what was said, noted and logged: by whom, where, and how they are shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from callcenter.crm import passages, phrases
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.transcripts import Passage, Utterance
from callcenter.errors import Invalid
from callcenter.ids import new_id
from tests.crm.office import Caller, Office, talked
from tests.spine.story import START


async def said(
    office: Office, agent: UUID | None, *lines: tuple[str, str], at: datetime = START, state: str = "stored"
) -> UUID:
    """A recorded talk of an agent: who said what, a line every ten seconds; the recording."""
    call = CallRow(id=new_id(), pbx="main", uniqueid=str(new_id()), direction="inbound", state="ended", number_raw="1")
    call.withheld, call.started_at = False, at
    row = RecordingRow(id=new_id(), call_id=call.id, pbx="main", path=f"{new_id()}.wav", state=state, started_at=at)
    part = SegmentRow(call_id=call.id, seq=0, device="PJSIP/101", leg="1.2", role="owner", via="queue")
    part.agent_id, part.answered_at = agent, at

    def write(session: Session) -> None:
        session.add(call)
        session.flush()
        session.add_all([row, part])
        session.flush()
        for seq, (speaker, line) in enumerate(lines):
            words = [
                {"text": word, "start_s": seq * 10 + n, "end_s": seq * 10 + n + 0.5, "confidence": 0.9}
                for n, word in enumerate(line.split())
            ]
            one = Utterance(id=new_id(), recording_id=row.id, seq=seq, speaker=speaker, start_s=seq * 10.0, end_s=0.0)
            one.text, one.confidence, one.words = line, 0.9, words
            session.add(one)
            session.flush()
            when = at + timedelta(seconds=seq * 10)
            passages.put(session, [passages.Found(kind="said", source=one.id, call=call.id, at=when, text=line)])

    await office.db.write(write)
    return row.id


async def found(caller: Caller, q: str, **more: Any) -> list[str]:
    return [shown(hit) for hit in (await asked(caller, q, **more))["items"]]


async def asked(caller: Caller, q: str, **more: Any) -> Any:
    answer = await caller.get(f"/search?{urlencode({'q': q, **more})}")
    assert answer.status == 200, answer.text
    return answer.body


def shown(hit: dict[str, Any]) -> str:
    """What was looked for in brackets."""
    return "".join(f"[{piece['text']}]" if piece["hit"] else piece["text"] for piece in hit["pieces"])


async def test_a_hit_shows_the_words_around_and_begins_at_the_word(both: Office) -> None:
    anna = await both.signed_in("anna")
    recording = await said(both, anna.id, ("agent", "hello"), ("customer", "where is my refund please"))
    (hit,) = (await asked(anna, "refund"))["items"]
    assert shown(hit) == "where is my [refund] please"
    assert (hit["recording_id"], hit["at_s"], hit["speaker"]) == (str(recording), 13.0, "customer")
    (line,) = await both.trail("read_transcript")
    assert (line.thing_id, line.details) == (str(recording), {"by": "search"})


async def test_phrases_beginnings_and_several_words(both: Office) -> None:
    anna = await both.signed_in("anna")
    await said(both, anna.id, ("customer", "cancel my order"), ("agent", "your order I cancel"))
    assert await found(anna, "order cancel") == ["your [order] I [cancel]", "[cancel] my [order]"]
    assert await found(anna, '"my order"') == ["cancel [my] [order]"]
    assert await found(anna, "canc*") == ["your order I [cancel]", "[cancel] my order"]
    assert await found(anna, '"cancel my or*"') == ["[cancel] [my] [order]"]
    assert await found(anna, "canc") == []


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("Где мой Заказ, ещё не пришёл", "еще заказ"),
        ("perché il mio ordine è così lento", "PERCHE cosi"),
        ("İstanbul çatdırılma ünvanı", "istanbul ünvani"),
        ("Sifarişimi LƏĞV EDIN", "ləğv edin"),
        ("qızıl kart", "QIZIL"),
        ("I can't pay", "can't"),
    ],
)
async def test_every_language_whatever_the_case_and_marks(both: Office, line: str, typed: str) -> None:
    anna = await both.signed_in("anna")
    await said(both, anna.id, ("customer", line))
    assert [hit.replace("[", "").replace("]", "") for hit in await found(anna, typed)] == [line]


async def test_one_finds_what_one_may_hear_and_nothing_else(both: Office) -> None:
    anna, boris = await both.signed_in("anna"), await both.signed_in("boris")
    olga = await both.signed_in("olga", "supervisor")
    await said(both, anna.id, ("customer", "anna's refund"))
    await said(both, boris.id, ("customer", "boris's refund"))
    await said(both, boris.id, ("customer", "erased refund"), state="erased")
    assert await found(anna, "refund") == ["anna's [refund]"]
    assert len(await found(olga, "refund")) == 2


async def test_filters_narrow(both: Office) -> None:
    olga = await both.signed_in("olga", "supervisor")
    anna = await both.signed_in("anna")
    later = START + timedelta(days=2)
    await said(both, anna.id, ("customer", "my refund"), ("agent", "a refund"))
    await said(both, olga.id, ("customer", "later refund"), at=later)
    assert await found(olga, "refund", speaker="agent") == ["a [refund]"]
    assert await found(olga, "refund", agent=olga.id) == ["later [refund]"]
    assert await found(olga, "refund", kind="note") == []
    assert (len(await found(olga, "refund", pbx="main")), await found(olga, "refund", pbx="branch")) == (3, [])
    assert await found(olga, "refund", **{"from": later.isoformat()}) == ["later [refund]"]
    assert len(await found(olga, "refund", to=later.isoformat())) == 2


async def test_pages_hold_together_from_the_newest_back(both: Office) -> None:
    anna = await both.signed_in("anna")
    for n in range(7):
        await said(both, anna.id, ("customer", f"refund {n}"), at=START + timedelta(hours=n % 4))
    seen: list[datetime] = []
    cursor = ""
    for _ in range(3):
        page = await asked(anna, "refund", limit=3, cursor=cursor)
        seen += [datetime.fromisoformat(hit["at"]) for hit in page["items"]]
        cursor = page["next_cursor"] or ""
    assert len(seen) == 7
    assert seen == sorted(seen, reverse=True)
    assert cursor == ""


async def test_notes_and_outcomes_are_found_as_they_are_now(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    await both.happens(talked("101"))
    (call,) = (await anna.get("/calls")).body["items"]
    card, segment = call["customer"]["id"], call["segments"][0]["id"]
    settled = await anna.put(f"/segments/{segment}/outcome", {"outcome": "other", "comment": "wants a parcel back"})
    assert settled.status == 200, settled.text
    note = (await anna.post(f"/customers/{card}/notes", {"text": "prefers the parcel shop"})).body
    kinds = [(hit["kind"], shown(hit), hit["author"]) for hit in (await asked(anna, "parcel"))["items"]]
    assert sorted(kinds) == [
        ("note", "prefers the [parcel] shop", "Anna"),
        ("outcome", "wants a [parcel] back", "Anna"),
    ]
    assert await found(anna, "parcel", outcome="other") == ["wants a [parcel] back"]
    assert len(await found(anna, "parcel", customer=card)) == 2
    changed = await anna.patch(f"/notes/{note['id']}", {"text": "prefers the shop"})
    assert changed.status == 200, changed.text
    assert await found(anna, "parcel", kind="note") == []
    assert await found(anna, "shop") == ["prefers the [shop]"]


async def test_what_is_gone_from_its_row_is_gone_from_the_index(both: Office) -> None:
    anna = await both.signed_in("anna")
    await said(both, anna.id, ("customer", "secret one"), ("customer", "secret two"))

    def erase(session: Session) -> None:
        session.execute(update(Utterance).where(Utterance.seq == 0).values(text=""))
        session.execute(delete(Utterance).where(Utterance.seq == 1))

    await both.db.write(erase)
    assert await both.db.read(lambda s: s.scalar(select(func.count()).select_from(Passage))) == 0
    words = "passage_words" if both.db.sqlite else "passages"
    assert await both.db.read(lambda s: s.scalar(text(f"SELECT count(*) FROM {words}"))) == 0
    assert await found(anna, "secret") == []


async def test_nothing_typed_is_syntax(both: Office) -> None:
    anna = await both.signed_in("anna")
    await said(both, anna.id, ("customer", "near and or not"))
    for typed in ("near(and or)", "and -not", "'or' | near", "words:near OR not", '"near and', "a:b & near"):
        answer = await anna.get(f"/search?{urlencode({'q': typed})}")
        assert answer.status == 200, (typed, answer.text)
    for typed in ("", "***", "a*", "x " * 20):
        assert (await anna.get(f"/search?{urlencode({'q': typed})}")).status == 422


@given(st.text(max_size=60))
def test_whatever_is_written_can_be_asked_for(written: str) -> None:
    composed = phrases.composed(written)
    for word in phrases.words(composed)[:8]:
        phrase = phrases.Phrase(words=(word.folded,))
        assert (word.start, word.end) in phrases.hits(written, [phrase])
        assert phrases.indexed(written)


@given(st.text(max_size=40))
def test_a_search_is_understood_or_refused(typed: str) -> None:
    try:
        asked_for = phrases.asked(typed)
    except Invalid:
        return
    assert all(one.words for one in asked_for)
