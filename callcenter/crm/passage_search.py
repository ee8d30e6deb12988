"""Words found in what was said, noted and logged, the newest first, within what the asker may see.

The index gives the newest passages with the words, in windows that grow, or in one where rights or filters leave only
some of them; both are conditions on each window. So a search costs the same whether its words are rare or the most
common there are, and what little of a large archive one may see is looked through page by page instead of at one go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, literal, null, select
from sqlalchemy.orm import Session, aliased

from callcenter.crm import passage_index, visible
from callcenter.crm.models.calls import CallRow, QueueVisitRow, RecordingRow, SegmentRow
from callcenter.crm.models.cards import NoteRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.outcomes import OutcomeCode, OutcomeRow
from callcenter.crm.models.people import User
from callcenter.crm.models.transcripts import Passage, Utterance
from callcenter.crm.passage_index import Span
from callcenter.crm.passages import NOTE, OUTCOME, SAID, moment
from callcenter.crm.phrases import Phrase
from callcenter.crm.rights import Actor, Scope, Subject, scope_of

_WINDOWS: Final = (50, 500)
"""How many passages with the words are looked at, after as many as make a page: whoever may see all of them needs no
more, and a phrase of common words is dear to find. Behind the last one a cursor says where to go on."""
_EVER: Final = 2**62
_CARD: Final = aliased(Customer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """None and ``""``: whatever. ``cards`` are a customer's and those merged into it."""

    phrases: tuple[Phrase, ...]
    kind: str | None = None
    speaker: str | None = None
    agent: UUID | None = None
    queue: str = ""
    pbx: str = ""
    outcome: str = ""
    cards: tuple[UUID, ...] = ()
    began: datetime | None = None
    before: datetime | None = None


def page(session: Session, asked: Asked, actor: Actor, limit: int, after: int | None) -> tuple[list[Any], int | None]:
    """The newest hits before ``after``, and the moment to go on from. A page may be short and yet not the last."""
    found: list[Any] = []
    before = after if after is not None else moment(asked.before) if asked.before else _EVER
    span = Span(since=moment(asked.began) if asked.began else 0, before=before)
    search = passage_index.begin(session, asked.phrases, span, partial(visible.on_audible_call, actor))
    for size in _windows(asked, actor, limit):
        window = search.more(size)
        audible = [one for one in window if one.heard or one.kind != SAID]
        found += _kept(session, asked, actor, audible, limit + 1 - len(found))
        if len(found) > limit:
            return found[:limit], found[limit - 1].moment
        if len(window) < size:
            break
    return found, None if search.over else search.reached


def _windows(asked: Asked, actor: Actor, limit: int) -> tuple[int, ...]:
    """Who hears every talk and asks for nothing but words needs no more than a page of them."""
    sizes = (limit + 1, *_WINDOWS)
    whole = scope_of(actor, Subject.RECORDINGS) is Scope.ALL and asked == Asked(phrases=asked.phrases)
    return sizes if whole else (sum(sizes),)


def _kept(session: Session, asked: Asked, actor: Actor, window: Sequence[Any], most: int) -> list[Any]:
    found: list[Any] = []
    for kind, of_kind in _OF_KIND.items():
        moments = [one.moment for one in window if one.kind == kind]
        if moments and asked.kind in (None, kind) and _can_be(asked, kind):
            wanted = of_kind(asked, actor).where(Passage.moment.in_(moments))
            found += session.execute(wanted.order_by(Passage.moment.desc()).limit(most))
    return sorted(found, key=attrgetter("moment"), reverse=True)[:most]


def _can_be(asked: Asked, kind: str) -> bool:
    """Only words said have a speaker, and a note is about a customer, not about a call."""
    if asked.speaker and kind != SAID:
        return False
    return kind != NOTE or not (asked.queue or asked.pbx or asked.outcome)


def _said(asked: Asked, actor: Actor) -> Select[Any]:
    found = (
        select(
            Passage.moment,
            literal(SAID).label("kind"),
            Passage.call_id,
            Utterance.recording_id,
            RecordingRow.duration_s,
            Utterance.speaker,
            Utterance.text,
            Utterance.words,
            null().label("author"),
            _CARD.id.label("customer_id"),
            _CARD.name.label("customer_name"),
        )
        .select_from(Passage)
        .join(Utterance, Utterance.id == Passage.source_id)
        .join(RecordingRow, RecordingRow.id == Utterance.recording_id)
        .join(CallRow, CallRow.id == Passage.call_id)
        .outerjoin(_CARD, and_(_CARD.id == CallRow.customer_id, visible.on_readable_card(actor, CallRow.customer_id)))
        .where(RecordingRow.state == "stored", visible.on_audible_call(actor, Passage.call_id), *_of_call(asked))
    )
    return found.where(Utterance.speaker == asked.speaker) if asked.speaker else found


def _logged(asked: Asked, actor: Actor) -> Select[Any]:
    return (
        _written(OUTCOME, OutcomeRow.comment)
        .join(OutcomeRow, OutcomeRow.id == Passage.source_id)
        .join(CallRow, CallRow.id == Passage.call_id)
        .outerjoin(User, User.id == OutcomeRow.by_id)
        .outerjoin(_CARD, and_(_CARD.id == CallRow.customer_id, visible.on_readable_card(actor, CallRow.customer_id)))
        .where(visible.seen(actor, CallRow), *_of_call(asked))
    )


def _noted(asked: Asked, actor: Actor) -> Select[Any]:
    found = (
        _written(NOTE, NoteRow.text)
        .join(NoteRow, NoteRow.id == Passage.source_id)
        .join(_CARD, _CARD.id == NoteRow.customer_id)
        .outerjoin(User, User.id == NoteRow.author_id)
        .where(visible.on_readable_card(actor, NoteRow.customer_id))
    )
    if asked.cards:
        found = found.where(NoteRow.customer_id.in_(asked.cards))
    return found.where(NoteRow.author_id == asked.agent) if asked.agent else found


def _written(kind: str, words: Any) -> Select[Any]:
    return select(
        Passage.moment,
        literal(kind).label("kind"),
        Passage.call_id,
        null().label("recording_id"),
        literal(0.0).label("duration_s"),
        literal("").label("speaker"),
        words.label("text"),
        null().label("words"),
        User.display_name.label("author"),
        _CARD.id.label("customer_id"),
        _CARD.name.label("customer_name"),
    ).select_from(Passage)


def _of_call(asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.cards:
        found.append(CallRow.customer_id.in_(asked.cards))
    if asked.queue:
        found.append(exists().where(QueueVisitRow.call_id == CallRow.id, QueueVisitRow.queue == asked.queue))
    if asked.pbx:
        found.append(CallRow.pbx == asked.pbx)
    if asked.agent:
        found.append(exists().where(SegmentRow.call_id == CallRow.id, SegmentRow.agent_id == asked.agent))
    if asked.outcome:
        parts = select(OutcomeRow.id).join(SegmentRow, SegmentRow.id == OutcomeRow.segment_id)
        coded = parts.join(OutcomeCode, OutcomeCode.id == OutcomeRow.code_id).where(SegmentRow.call_id == CallRow.id)
        found.append(coded.where(OutcomeCode.code == asked.outcome).exists())
    return found


_OF_KIND: Final = {SAID: _said, NOTE: _noted, OUTCOME: _logged}
