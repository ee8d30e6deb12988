"""The one step between events and rows: apply, find the customer, persist, publish. One ordered consumer per PBX."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import jobs, metrics
from callcenter.bus import Bus
from callcenter.call import Call, Changed
from callcenter.clock import Clock
from callcenter.crm import callbacks, calls, tasks
from callcenter.crm.identify import Identified, identify, recall
from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.upsert import upsert
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.events import (
    CallEvent,
    CallKey,
    CustomerChosen,
    Ended,
    OutcomeLogged,
    OutcomeWaived,
    PbxEvent,
    RecordingStarted,
)
from callcenter.health import Health
from callcenter.lifecycle import apply
from callcenter.log import logger
from callcenter.news import RosterChanged, TasksChanged
from callcenter.roster import Roster

log = logger(__name__)
_INBOX: Final = 20_000
_BATCH: Final = 64
_RETRY_SECONDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

Event: TypeAlias = CallEvent | PbxEvent
Answer: TypeAlias = "asyncio.Future[Changed | None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    event: Event
    answer: Answer | None = None


@dataclass(slots=True)
class _Fold:
    """What one batch came to: taken over only after its commit, so that it can be repeated as often as needed."""

    calls: dict[CallKey, Call] = field(default_factory=dict)
    who: dict[CallKey, Identified] = field(default_factory=dict)
    changes: list[Changed | None] = field(default_factory=list)
    tasks: dict[UUID, None] = field(default_factory=dict)


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
        self._owed = 0
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
            return [(c, recall(session, c.id, c.customer)) for c in calls.unsettled(session) if c.id]

        for call, who in await self._db.read(read):
            self._live[call.key] = call
            self._who[call.key] = who
            self._owed += _owed(call)

    async def roster_changed(self, event: RosterChanged) -> None:
        self.roster = event.roster

    async def deliver(self, pbx: str, events: Sequence[Event]) -> None:
        """Puts what the PBX told in its order; waits while the consumer is far behind."""
        inbox = self._inbox(pbx)
        for event in events:
            await inbox.put(_Item(event=event))

    async def take(self, event: CallEvent) -> Changed | None:
        """Puts an event of ours in its call's order and waits for its commit. None: nothing changed."""
        answer: Answer = asyncio.get_running_loop().create_future()
        await self._inbox(event.call.pbx).put(_Item(event=event, answer=answer))
        return await answer

    async def run(self, pbx: str) -> None:
        """Consumes one PBX's events for ever."""
        inbox = self._inbox(pbx)
        while True:
            batch = [await inbox.get()]
            while len(batch) < _BATCH and not inbox.empty():
                batch.append(inbox.get_nowait())
            await self._consume(batch)

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
        self._live.update(fold.calls)
        self._who.update(fold.who)
        for key in [k for k, call in fold.calls.items() if call.settled]:
            del self._live[key]
            self._who.pop(key, None)
        metrics.owed.set(self._owed)
        for item, change in zip(batch, fold.changes, strict=True):
            await self._release(item, change)
        if fold.tasks:
            await self._bus.publish(TasksChanged(tasks=tuple(fold.tasks)))

    async def _release(self, item: _Item, change: Changed | None) -> None:
        if item.answer and not item.answer.done():
            item.answer.set_result(change)
        if change:
            await self._bus.publish(change)
        elif not isinstance(item.event, CallEvent):
            await self._bus.publish(item.event)

    async def _persist(self, batch: Sequence[_Item]) -> _Fold | None:
        """Repeats until the database takes it. None: a bug, logged and counted; the batch is then tried one by one."""
        events = [item.event for item in batch]
        if not any(isinstance(event, CallEvent) for event in events):
            return _Fold(changes=[None] * len(events))
        for attempt in range(10**9):
            started = self._clock.monotonic()
            try:
                fold = await self._db.write(lambda session: self._fold(session, events))
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

    def _fold(self, session: Session, events: Sequence[Event]) -> _Fold:
        fold = _Fold()
        now = self._clock.now()
        for event in events:
            fold.changes.append(self._step(session, fold, event, now) if isinstance(event, CallEvent) else None)
        return fold

    def _step(self, session: Session, fold: _Fold, event: CallEvent, now: datetime) -> Changed | None:
        key = event.call
        before = fold.calls.get(key) or self._live.get(key) or calls.load(session, key)
        after = apply(before, event, self.roster)
        if after is None or (after == before and not isinstance(event, OutcomeLogged)):
            return None
        who = fold.who.get(key) or self._who.get(key)
        if before is None:
            who = identify(session, after.number_raw, after.region, now)
            after = calls.insert_call(session, after, who)
        else:
            if who is None or isinstance(event, CustomerChosen):
                who = recall(session, _id(before), after.customer)
            after = calls.update_call(session, before, after)
        fold.tasks.update(dict.fromkeys(_follow_up(session, after, event, now)))
        fold.calls[key] = after
        fold.who[key] = who
        return Changed(event=event, before=before, after=after, card=who.card, candidates=who.candidates)


def _owed(call: Call | None) -> int:
    return sum(segment.owes for segment in call.segments) if call else 0


def _id(call: Call) -> Any:
    if call.id is None:
        raise AssertionError(f"call {call.key} was never inserted")
    return call.id


def _follow_up(session: Session, call: Call, event: CallEvent, now: datetime) -> list[UUID]:
    """The rows beside the call's own: recordings, how debts were settled, tasks; those of the last that changed."""
    _keep(session, call, event, now)
    if isinstance(event, OutcomeLogged) and event.promise:
        return [tasks.promise(session, call, event, now)]
    return callbacks.follow(session, call, event, now)


def _keep(session: Session, call: Call, event: CallEvent, now: datetime) -> None:
    match event:
        case RecordingStarted(path=path):
            natural = {"pbx": call.key.pbx, "path": path}
            upsert(session, RecordingRow, natural, {"call_id": call.id, "state": "recording", "started_at": event.at})
        case Ended():
            _hand_over_recordings(session, call, now)
        case OutcomeLogged(outcome=code, by=by, comment=comment):
            settled = {"state": "logged", "code_id": code, "comment": comment, "by_id": by, "at": event.at}
            calls.settle(session, _id_of(call, event.segment), settled)
        case OutcomeWaived(by=by, reason=reason):
            settled = {"state": "waived", "code_id": None, "comment": reason, "by_id": by, "at": event.at}
            calls.settle(session, _id_of(call, event.segment), settled)
        case _:
            return


def _id_of(call: Call, seq: int) -> Any:
    return call.segments[seq].id


def _hand_over_recordings(session: Session, call: Call, now: datetime) -> None:
    rows = session.scalars(
        select(RecordingRow).where(RecordingRow.call_id == call.id, RecordingRow.state == "recording")
    )
    for row in rows:
        row.state = "waiting"
        jobs.enqueue(session, "store_recording", {"recording": str(row.id)}, at=now)
