"""The things that the names in paths stand for, made anew for every question."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.crm import agent_messages, customers, displays, merge, sessions, upload_tokens, users
from callcenter.crm.customers import Made
from callcenter.crm.identify import number_row
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.cards import CardFieldRow, CustomerLink, NoteRow, StatusRow
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer, PhoneNumber
from callcenter.crm.models.desks import PauseCode
from callcenter.crm.models.floor import AgentMessage, AlarmRow, DisplayRow
from callcenter.crm.models.imports import Import
from callcenter.crm.models.listening import CommentRow
from callcenter.crm.models.messages import MessageTemplate, PreparedMessage
from callcenter.crm.models.outages import OutageRow
from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.crm.models.people import SignIn, Team, User
from callcenter.crm.models.privacy import LegalHold
from callcenter.crm.models.queues import Queue
from callcenter.crm.models.reviews import Suspicion
from callcenter.crm.models.routing import BlockedNumber
from callcenter.crm.models.scores import Evaluation, Sample, SamplingRule, ScoreForm, ScoreFormVersion
from callcenter.crm.models.tasks import Task, TaskReminder
from callcenter.crm.rights import Actor, UserRole
from callcenter.crm.sessions import Visitor
from callcenter.ids import new_id


def sign_in(session: Session, person: UUID, now: Any) -> str:
    return sessions.begin(session, users.get(session, person), Visitor(address="", software=""), now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What the other things hang on: somebody's talk with a customer of his own, and its recording."""

    at: datetime
    owner: UUID
    card: Customer
    call: CallRow
    part: SegmentRow
    sound: RecordingRow


def plant(session: Session, at: datetime, owner: UUID, team: UUID, names: Collection[str]) -> dict[str, str]:
    """A talk of the owner's, and the things with those names. A new name in a path gets a row in ``PLANTED``."""
    card = Customer(name="Mario", owner_id=owner, team_id=team, created_at=at, updated_at=at)
    number = PhoneNumber(key=f"raw:{new_id()}", tail="")
    session.add_all([card, number])
    session.flush()
    customers.rewritten(session, card)
    point = ContactPoint(customer_id=card.id, number_id=number.id, raw="1", created_at=at)
    call = CallRow(pbx="main", uniqueid=str(new_id()), direction="inbound", state="ended", number_raw="1")
    call.withheld, call.customer_id, call.number_id = False, card.id, number.id
    call.started_at = call.ended_at = at - timedelta(minutes=5)
    session.add_all([point, call])
    session.flush()
    part = SegmentRow(call_id=call.id, seq=0, device="PJSIP/101", leg="1.2", role="owner", via="queue")
    part.agent_id, part.answered_at, part.outcome_state = owner, call.started_at, "owed"
    sound = RecordingRow(call_id=call.id, pbx="main", path=str(new_id()), state="stored", started_at=call.started_at)
    sound.store_key, sound.size = "gone.wav", 1
    session.add_all([part, sound])
    session.flush()
    ids = {"customer_id": card.id, "number_id": point.id, "call_id": call.id, "segment_id": part.id}
    talk = Talk(at=at, owner=owner, card=card, call=call, part=part, sound=sound)
    others = {name: PLANTED[name](session, talk) for name in names if name in PLANTED}
    told = {**ids, "recording_id": sound.id, "agent_id": owner, "name": "main", **others}
    return {name: str(thing) for name, thing in told.items()}


def _kept(session: Session, row: Any) -> UUID:
    session.add(row)
    session.flush()
    id: UUID = row.id
    return id


def _session(session: Session, talk: Talk) -> UUID | None:
    sign_in(session, talk.owner, talk.at)
    session.flush()
    return session.scalar(select(SignIn.id).where(SignIn.user_id == talk.owner).order_by(SignIn.id.desc()).limit(1))


def _way(session: Session, talk: Talk) -> UUID:
    address = "m@example.com"
    made = ContactWay(customer_id=talk.card.id, kind="email", value=address, key=address, created_at=talk.at)
    return _kept(session, made)


def _comment(session: Session, talk: Talk) -> UUID:
    made = CommentRow(recording_id=talk.sound.id, author_id=talk.owner, at_s=0.0, text="x", created_at=talk.at)
    return _kept(session, made)


def _block(session: Session, talk: Talk) -> UUID:
    """Of a number nobody has."""
    number = number_row(session, phone.parse(f"+39 02 {new_id().int % 10**7:07d}", "IT"))
    return _kept(session, BlockedNumber(number_id=number, reason="spam", created_at=talk.at))


def _alarm(session: Session, talk: Talk) -> UUID:
    """A wrap-up that is too long."""
    row = AlarmRow(kind="wrapup", pbx="main", thing=str(talk.owner), agent_id=talk.owner, limit=240, worst=300)
    row.raised_at = talk.at
    return _kept(session, row)


def _display(session: Session, talk: Talk) -> UUID:
    row = DisplayRow(name="Hall", queues=[], made_at=talk.at, by_id=talk.owner)
    return displays.make(session, row, displays.new())


def _task(session: Session, talk: Talk) -> UUID:
    task = Task(kind="todo", customer_id=talk.card.id, assignee_id=talk.owner, created_by_id=talk.owner)
    task.team_id, task.order_at, task.created_at, task.updated_at = talk.card.team_id, talk.at, talk.at, talk.at
    return _kept(session, task)


def _reminder(session: Session, talk: Talk) -> UUID:
    return _kept(session, TaskReminder(task_id=_task(session, talk), user_id=talk.owner, at=talk.at))


def _hold(session: Session, talk: Talk) -> UUID:
    return _kept(session, LegalHold(customer_id=talk.card.id, reference="1", by_id=talk.owner, at=talk.at))


def _outage(session: Session, talk: Talk) -> UUID:
    at = talk.at
    return _kept(session, OutageRow(pbx="main", from_at=at, to_at=at, cause="link_lost", begun_at=at, state="filled"))


def _card(session: Session, talk: Talk, kind: str) -> UUID:
    made = Customer(kind=kind, owner_id=talk.owner, team_id=talk.card.team_id, created_at=talk.at, updated_at=talk.at)
    return _kept(session, made)


def _organisation(session: Session, talk: Talk) -> UUID:
    return _card(session, talk, "organisation")


def _note(session: Session, talk: Talk) -> UUID:
    made = NoteRow(customer_id=talk.card.id, author_id=talk.owner, text="x", created_at=talk.at)
    return _kept(session, made)


def _link(session: Session, talk: Talk) -> UUID:
    return _kept(session, CustomerLink(person_id=talk.card.id, organisation_id=_organisation(session, talk)))


def _merge(session: Session, talk: Talk) -> UUID:
    admin, team = UserRole.ADMIN, talk.card.team_id
    by = Actor(id=talk.owner, role=admin, team=team, username="", display_name="", language="", session=new_id())
    absorbed = _card(session, talk, "person")
    return merge.merge(session, talk.card.id, absorbed, frozenset(), Made(by=by, at=talk.at)).id


def _import(session: Session, talk: Talk) -> UUID:
    sheet = Import(filename="a.csv", columns=["Name"], columns_key="", mapping=["name"], region="RU", rows=1)
    sheet.about = {"encoding": "utf-8", "delimiter": ";", "sheet": "", "first": 2, "remembered": False}
    sheet.created_by_id, sheet.created_at = talk.owner, talk.at
    return _kept(session, sheet)


def _message(session: Session, talk: Talk) -> UUID:
    return agent_messages.send(session, AgentMessage(by_id=talk.owner, text="x", at=talk.at), [talk.owner])


def _template(session: Session, talk: Talk) -> UUID:
    texts = {"en": {"subject": "", "text": "x"}}
    return _kept(session, MessageTemplate(name=str(new_id()), kind="sms", texts=texts))


def _prepared(session: Session, talk: Talk) -> UUID:
    ready = PreparedMessage(segment_id=talk.part.id, template_id=_template(session, talk), for_id=talk.owner)
    ready.kind, ready.language, ready.at = "sms", "en", talk.at
    ready.recipient, ready.subject, ready.text, ready.lacking = "1", "", "x", []
    return _kept(session, ready)


def _form(session: Session, talk: Talk) -> UUID:
    form = ScoreForm(name=str(new_id()))
    _kept(session, form)
    version = ScoreFormVersion(form_id=form.id, number=1, name=form.name, by_id=_admin(session), at=talk.at)
    version.content = []
    _kept(session, version)
    return form.id


def _admin(session: Session) -> UUID:
    return session.scalars(select(User.id).where(User.username == "admin")).one()


def _evaluation(session: Session, talk: Talk) -> UUID:
    """A published one of the owner's talk, by an administrator."""
    form = _form(session, talk)
    version = session.scalars(select(ScoreFormVersion.id).where(ScoreFormVersion.form_id == form)).one()
    told = Evaluation(form_id=form, form_version_id=version, call_id=talk.call.id, segment_id=talk.part.id)
    told.agent_id, told.evaluator_id, told.state = talk.owner, _admin(session), "published"
    told.created_at = told.at = talk.at
    return _kept(session, told)


def _rule(session: Session, talk: Talk) -> UUID:
    rule = SamplingRule(name=str(new_id()), form_id=_form(session, talk), per_agent=1, conditions={}, due_days=7)
    rule.seed, rule.created_at = "x", talk.at
    return _kept(session, rule)


def _sample(session: Session, talk: Talk) -> UUID:
    rule = session.get_one(SamplingRule, _rule(session, talk))
    asked = Sample(rule_id=rule.id, form_id=rule.form_id, week=talk.at.date(), call_id=talk.call.id)
    asked.segment_id, asked.agent_id, asked.due_at, asked.created_at = talk.part.id, talk.owner, talk.at, talk.at
    return _kept(session, asked)


def _suspicion(session: Session, talk: Talk) -> UUID:
    at = talk.at
    odd = Suspicion(kind="hung_up", agent_id=talk.owner, code=str(new_id()), since=at, until=at, last_at=at)
    odd.found_at, odd.figures = at, {"count": 1, "of": 1}
    return _kept(session, odd)


PLANTED: Final[dict[str, Callable[[Session, Talk], UUID | None]]] = {
    "alarm_id": _alarm,
    "block_id": _block,
    "code_id": lambda s, _: s.scalar(select(PauseCode.id).limit(1)),
    "comment_id": _comment,
    "display_id": _display,
    "evaluation_id": _evaluation,
    "field_id": lambda s, _: _kept(s, CardFieldRow(code=f"x{new_id().hex}", labels={"en": "X"}, kind="text")),
    "form_id": _form,
    "hold_id": _hold,
    "import_id": _import,
    "link_id": _link,
    "merge_id": _merge,
    "message_id": _message,
    "note_id": _note,
    "organisation_id": _organisation,
    "outage_id": _outage,
    "outcome_id": lambda s, _: s.scalar(select(OutcomeCode.id).limit(1)),
    "prepared_id": _prepared,
    "queue_id": lambda s, _: _kept(s, Queue(pbx="main", name=str(new_id()))),
    "reminder_id": _reminder,
    "rule_id": _rule,
    "sample_id": _sample,
    "session_id": _session,
    "status_id": lambda s, _: s.scalar(select(StatusRow.id).where(StatusRow.code == "hot")),
    "suspicion_id": _suspicion,
    "task_id": _task,
    "team_id": lambda s, _: _kept(s, Team(name=str(new_id()))),
    "template_id": _template,
    "token_id": lambda s, talk: upload_tokens.make(s, str(new_id()), "main", talk.owner, talk.at),
    "user_id": lambda s, _: s.scalar(select(User.id).where(User.username == "colleague")),
    "way_id": _way,
}
