"""The one step between events and rows: apply, find the customer, persist, publish. One ordered consumer per PBX."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter import metrics
from callcenter.bus import Bus
from callcenter.call import Call, Changed, in_order
from callcenter.clock import Clock
from callcenter.crm import call_consent, call_pauses, call_reading, calls, outages, outcome_rules, same_calls
from callcenter.crm.follow_up import follow_up, ruled
from callcenter.crm.identify import NOBODY, Identified, identify, recall
from callcenter.crm.privacy import keeping
from callcenter.db import Database
from callcenter.decided import Decided
from callcenter.decision_events import CustomerChosen, OutcomeLogged
from callcenter.discretion import discreet
from callcenter.errors import Unavailable
from callcenter.events import Arrived, CallEvent, CallKey, Filled, Joined, Offered
from callcenter.health import Health
from callcenter.lifecycle import apply
from callcenter.log import logger
from callcenter.news import RosterChanged, TasksChanged
from callcenter.pbx_events import Outage, PbxEvent
from callcenter.roster import AgentId, Roster
from callcenter.terms import NO_RULES, Given, OutcomeRules, newly_given
from callcenter.values import replace

log = logger(__name__)
_INBOX: Final = 20_000
_BATCH: Final = 64
_RETRY_SECONDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

Event: TypeAlias = CallEvent | PbxEvent
Answer: TypeAlias = "asyncio.Future[Changed | None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """``since``: in its order from then on, monotonic seconds."""

    event: Event
    since: float
    answer: Answer | None = None


@dataclass(slots=True)
class _Story:
    """What one batch tells of one call: ``kept`` is what its rows say, ``steps`` the place of each event that changed
    it, the event and the call after it."""

    kept: Call | None
    who: Identified | None
    steps: list[tuple[int, CallEvent, Call]] = field(default_factory=list)

    @property
    def now(self) -> Call | None:
        return self.steps[-1][2] if self.steps else self.kept


@dataclass(slots=True)
class _Fold:
    """What one batch came to: taken over only after its commit, so that it can be repeated as often as needed."""

    calls: dict[CallKey, Call] = field(default_factory=dict)
    who: dict[CallKey, Identified] = field(default_factory=dict)
    changes: list[Changed | None] = field(default_factory=list)
    aside: list[Changed] = field(default_factory=list)
    tasks: dict[UUID, None] = field(default_factory=dict)
    given: list[tuple[AgentId, datetime]] = field(default_factory=list)
    rules: OutcomeRules = NO_RULES


class Ledger:
    """Keeps every call that is not settled, in memory and in rows that never differ after a commit."""

    def __init__(self, db: Database, bus: Bus, clock: Clock, health: Health) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock
        self._health = health
        self._live: dict[CallKey, Call] = {}
        self._who: dict[CallKey, Identified] = {}
        self._inboxes: dict[str, asyncio.Queue[_Item]] = {}
        self._since: dict[str, float] = {}
        self._owed = 0
        self.outcome_rules = Decided(db, "outcome_rules", outcome_rules.rules, NO_RULES)
        self.keep_hidden = Decided(db, "keeping", lambda s: keeping.load(s).hidden_numbers, usual=False)
        """Whether hidden numbers are kept."""
        self._given = Given()
        self.roster = Roster()

    def live(self) -> Mapping[CallKey, Call]:
        """Calls that go on or are owed for, by key."""
        return self._live

    def who(self, key: CallKey) -> Identified | None:
        """Whose call a live call is."""
        return self._who.get(key)

    async def start(self, roster: Roster) -> None:
        """Reads back what was unsettled when the service last ended."""
        self.roster = roster

        def read(session: Session) -> list[tuple[Call, Identified]]:
            return [(c, recall(session, c.id, c.customer)) for c in call_reading.unsettled(session) if c.id]

        for call, who in await self._db.read(read):
            self._live[call.key] = call
            self._who[call.key] = who
            self._owed += _owed(call)
        await self.outcome_rules.start()
        await self.keep_hidden.start()
        now = self._clock.now()
        self._given = await self._db.read(lambda s: outcome_rules.given(s, now))

    @property
    def rules(self) -> OutcomeRules:
        """What is owed for what happens from now on."""
        decided = self.outcome_rules.value
        return replace(decided, given=self._given) if self._given.ends else decided

    async def follow(self) -> None:
        """Keeps to what people decide, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.outcome_rules.run(), name="ledger: outcome rules")
            tasks.create_task(self.keep_hidden.run(), name="ledger: keeping")

    async def roster_changed(self, event: RosterChanged) -> None:
        self.roster = event.roster

    async def deliver(self, pbx: str, events: Sequence[Event]) -> None:
        """Puts what the PBX told in its order; waits while the consumer is far behind."""
        inbox = self._inbox(pbx)
        for event in events:
            await inbox.put(_Item(event=event, since=self._clock.monotonic()))
        await asyncio.sleep(0)  # the consumer goes first: whoever delivers has the journal to write

    async def take(self, event: CallEvent) -> Changed | None:
        """Puts an event of ours in its call's order and waits for its commit. None: nothing changed."""
        answer: Answer = asyncio.get_running_loop().create_future()
        await self._inbox(event.call.pbx).put(_Item(event=event, since=self._clock.monotonic(), answer=answer))
        return await answer

    async def caught_up(self, pbx: str) -> None:
        """Returns when all that was put in its order so far is written down."""
        await self._inbox(pbx).join()

    async def run(self, pbx: str) -> None:
        """Consumes one PBX's events for ever."""
        inbox = self._inbox(pbx)
        metrics.ledger_behind.labels(pbx=pbx).set_function(lambda: self._behind(pbx))
        while True:
            batch = [await inbox.get()]
            while len(batch) < _BATCH and not inbox.empty():
                batch.append(inbox.get_nowait())
            self._since[pbx] = batch[0].since
            await self._consume(batch)
            del self._since[pbx]
            for _ in batch:
                inbox.task_done()

    def recorded(self, pbx: str) -> bool:
        """Everything that was delivered of a PBX stands in the records."""
        return pbx not in self._since and self._inbox(pbx).empty()

    def _behind(self, pbx: str) -> float:
        since = self._since.get(pbx)
        return self._clock.monotonic() - since if since is not None else 0.0

    def heard(self, pbx: str) -> float:
        """Since when (monotonic seconds) what this PBX told may wait for the database: all before is published."""
        return self._since.get(pbx, self._clock.monotonic())

    def _inbox(self, pbx: str) -> asyncio.Queue[_Item]:
        return self._inboxes.setdefault(pbx, asyncio.Queue(_INBOX))

    async def _consume(self, batch: Sequence[_Item]) -> None:
        fold = await self._persist(batch)
        if fold is None and len(batch) > 1:
            for item in batch:
                await self._consume([item])
            return
        if fold is None:
            return
        self._owed += sum(_owed(call) - _owed(self._live.get(key)) for key, call in fold.calls.items())
        if fold.given:
            self._given = self._given.and_then(fold.given, self._clock.now())
        self._live.update(fold.calls)
        self._who.update(fold.who)
        for key in [k for k, call in fold.calls.items() if call.settled]:
            del self._live[key]
            self._who.pop(key, None)
        metrics.owed.set(self._owed)
        told = [*fold.aside, *(_release(item, change) for item, change in zip(batch, fold.changes, strict=True))]
        tasks = [TasksChanged(tasks=tuple(fold.tasks))] if fold.tasks else []
        await self._bus.publish(*(event for event in told if event), *tasks)

    async def _persist(self, batch: Sequence[_Item]) -> _Fold | None:
        """Repeats until the database takes it. None: a bug, logged and counted; the batch is then tried one by one."""
        events = [item.event if self.keep_hidden.value else discreet(item.event) for item in batch]
        if not any(isinstance(event, CallEvent | Outage) for event in events):
            return _Fold(changes=[None] * len(events))
        # What the PBX told is compared with it again after a power cut; what a person said is said once.
        said, look = any(item.answer for item in batch), False
        for attempt in range(10**9):
            started = self._clock.monotonic()
            try:
                fold = await self._db.write(lambda session: self._fold(session, events, look), hardened=said)  # noqa: B023
            except calls.Known:
                look = True
            except Unavailable as wrong:
                await self._health.ill("database", wrong.code, str(wrong))
                await asyncio.sleep(_RETRY_SECONDS[min(attempt, len(_RETRY_SECONDS) - 1)])
            except Exception as wrong:
                self._failed(batch, wrong)
                return None
            else:
                metrics.persist_seconds.observe(self._clock.monotonic() - started)
                await self._health.well("database")
                return fold
        return None

    def _failed(self, batch: Sequence[_Item], wrong: Exception) -> None:
        if len(batch) > 1:
            return
        metrics.contained.labels(part="ledger").inc()
        log.error("event_not_persisted", event_type=type(batch[0].event).__name__, exc_info=wrong)
        answer = batch[0].answer
        if answer and not answer.done():
            answer.set_exception(wrong)

    def _fold(self, session: Session, events: Sequence[Event], look: bool) -> _Fold:
        """First what the events make of their calls, then one write a call: a ringing phone waits for these rows.

        ``look``: also for rows of a call that is only now being born. Raises Known where that would have been needed.
        """
        now = self._clock.now()
        events = [same_calls.as_known(session, event) if isinstance(event, Filled) else event for event in events]
        stories: dict[CallKey, _Story] = {}
        fold = _Fold(changes=[None] * len(events), rules=self.rules)
        for place, event in enumerate(events):
            if isinstance(event, Outage):
                outages.keep(session, event, now)
            if isinstance(event, CallEvent):
                story = stories.get(event.call)
                if story is None:
                    story = stories[event.call] = self._open(session, event, look)
                if story.kept and not story.steps and same_calls.said_again(story.kept, event, now):
                    _set_aside(session, story, event, fold)
                    story = stories[event.call] = _Story(kept=None, who=None)
                self._step(session, story, fold, (place, event))
        for key, story in stories.items():
            if story.steps and story.who:
                fold.calls[key] = _write(session, story, fold, now)
                fold.who[key] = story.who
        return fold

    def _open(self, session: Session, event: CallEvent, look: bool) -> _Story:
        kept = self._live.get(event.call)
        if kept is None and (look or not (isinstance(event, Arrived) and event.born)):
            kept = call_reading.load(session, event.call)
        return _Story(kept=kept, who=self._who.get(event.call))

    def _roster(self, event: CallEvent) -> Roster:
        """Who sits where is known by our clock; of what nobody heard only the PBX knows when it was. Nobody asks it but
        of a phone that rings or talks."""
        if not isinstance(event, Offered | Joined) or not event.mono:
            return self.roster
        heard = self._clock.now() - timedelta(seconds=self._clock.monotonic() - event.mono)
        return self.roster.by_clock(event.at, heard)

    def _step(self, session: Session, story: _Story, fold: _Fold, told: tuple[int, CallEvent]) -> None:
        place, before = told[0], story.now
        event = in_order(before, told[1])
        after = apply(before, event, self._roster(event), fold.rules)
        if after is None or (after == before and not isinstance(event, OutcomeLogged)):
            return
        if before is None or (before.number_raw != after.number_raw and after.customer is None):
            story.who = NOBODY if after.test else identify(session, after.number, after.region, after.started_at)
            after = replace(after, customer=story.who.card.id if story.who.card else None)
        elif story.kept and (story.who is None or isinstance(event, CustomerChosen)):
            story.who = recall(session, _id(story.kept), after.customer)
        story.steps.append((place, event, after))
        if given := newly_given(before, after, fold.rules.short):
            fold.given += given
            fold.rules = replace(fold.rules, given=fold.rules.given.and_then(given, self._clock.now()))


def _set_aside(session: Session, story: _Story, event: CallEvent, fold: _Fold) -> None:
    """The call goes on under another name, with all that is owed for it."""
    if story.kept is None:
        raise AssertionError("there is no call to set aside")
    moved = same_calls.set_aside(session, story.kept)
    who = story.who or recall(session, _id(moved), moved.customer)
    fold.calls[moved.key], fold.who[moved.key] = moved, who
    again = replace(event, call=moved.key)
    fold.aside.append(Changed(event=again, before=story.kept, after=moved, card=who.card, candidates=who.candidates))


def _release(item: _Item, change: Changed | None) -> object | None:
    """Answers whoever waits for the event; what is published of it."""
    if item.answer and not item.answer.done():
        item.answer.set_result(change)
    return change or (None if isinstance(item.event, CallEvent) else item.event)


def _write(session: Session, story: _Story, fold: _Fold, now: datetime) -> Call:
    """Keeps what the batch made of a call, and lays each step's news in its event's place."""
    who, before, last = story.who or NOBODY, story.kept, story.steps[-1][2]
    written = calls.save(session, before, last, who)
    for place, event, step in story.steps:
        after = _numbered(step, written)
        ruled(session, before, after, event)
        call_pauses.note_end(session, before, after, now)
        call_consent.note_decline(session, before, after, now)
        fold.tasks.update(dict.fromkeys(follow_up(session, after, event, now)))
        fold.changes[place] = Changed(event=event, before=before, after=after, card=who.card, candidates=who.candidates)
        before = after
    return written


def _numbered(step: Call, written: Call) -> Call:
    """A step on the way, with the ids that the rows have got."""
    if step.id and all(segment.id for segment in step.segments):
        return step
    segments = tuple(replace(s, id=written.segments[s.seq].id) for s in step.segments)
    return replace(step, id=written.id, segments=segments)


def _owed(call: Call | None) -> int:
    return sum(segment.owes for segment in call.segments) if call else 0


def _id(call: Call) -> Any:
    if call.id is None:
        raise AssertionError(f"call {call.key} was never inserted")
    return call.id
