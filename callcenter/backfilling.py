"""Years of a PBX's history as cards and timelines, from the command line, beside a running service.

It asks nobody for an outcome, makes no tasks and pops nowhere. Doing it again changes nothing; what was broken off is
gone on with from the week at which it stood.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from callcenter.ami.history import History
from callcenter.clock import SystemClock
from callcenter.commands import database
from callcenter.config import SettingError, Settings
from callcenter.crm import call_reading, calls, maps, same_calls
from callcenter.crm.follow_up import follow_up
from callcenter.crm.identify import NOBODY, identify, recall
from callcenter.crm.privacy import keeping
from callcenter.db import Database
from callcenter.discretion import discreet
from callcenter.events import Filled, Gap, GapCause
from callcenter.lifecycle import apply
from callcenter.pbxmap import PbxMap
from callcenter.roster import Roster

_WEEK: Final = timedelta(days=7)
_LONGEST_CALL: Final = timedelta(hours=24)
_AT_ONCE: Final = 200
_NOBODY: Final = Roster()
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """``pbx`` None: all that have a history; ``source``: instead of the setting; ``only``: cel, cdr or queue_log;
    ``dry_run``: count, and write nothing."""

    since: datetime
    until: datetime
    pbx: str | None = None
    source: str = ""
    only: str = ""
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """Reading one PBX's history."""

    map: PbxMap
    history: History
    wish: Wish
    mark: Path

    @property
    def asked(self) -> dict[str, str]:
        """What a mark must be about to be gone on from. A source may hold a password."""
        source = sha256(self.history.source.encode()).hexdigest()
        return {"since": self.wish.since.isoformat(), "source": source, "only": self.wish.only}


async def backfill(settings: Settings, wish: Wish, tell: Tell) -> dict[str, dict[str, int]]:
    """Counts by PBX: ``added``, ``completed``, ``known`` and ``open`` (still the service's). Raises Unavailable,
    SettingError."""
    names = [wish.pbx] if wish.pbx else [n for n, p in settings.pbx.items() if wish.source or _set(settings, n)]
    if not names or (wish.source and len(names) > 1):
        raise SettingError("say which PBX with --pbx and where its history is with CALLCENTER_PBX__<NAME>__HISTORY")
    told: dict[str, dict[str, int]] = {}
    async with database(settings) as db:
        for name in names:
            if name not in settings.pbx:
                raise SettingError(f"no PBX is named {name}; there are {', '.join(settings.pbx)}")
            told[name] = dict(await _one(db, await _work(db, settings, name, wish), tell))
    return told


def _set(settings: Settings, name: str) -> str:
    return settings.pbx[name].history.get_secret_value()


async def _work(db: Database, settings: Settings, name: str, wish: Wish) -> _Work:
    rules = await db.read(lambda s: maps.rules(s, name))
    return _Work(
        map=PbxMap(pbx=name, region=settings.region, rules=rules),
        history=History(
            source=wish.source or _set(settings, name), spool=settings.recordings_of(name).pbx_spool, only=wish.only
        ),
        wish=wish,
        mark=settings.state / f"backfill-{name}.json",
    )


async def _one(db: Database, work: _Work, tell: Tell) -> Counter[str]:
    counts: Counter[str] = Counter()
    begin = work.wish.since if work.wish.dry_run else await asyncio.to_thread(_gone_on_from, work)
    if begin > work.wish.since:
        tell(f"{work.map.pbx}: going on from {begin:%Y-%m-%d}")
    for since, until in _weeks(begin, work.wish.until):
        gap = Gap(from_at=since, to_at=until, cause=GapCause.HISTORY, filled_from="")
        found = await asyncio.to_thread(work.history.calls, work.map, gap, since - _LONGEST_CALL)
        for some in _pieces(found):
            counts += await _taken(db, some, dry_run=work.wish.dry_run)
        if not work.wish.dry_run:
            await asyncio.to_thread(work.mark.write_text, json.dumps(work.asked | {"done": until.isoformat()}))
        tell(f"{work.map.pbx}: {until:%Y-%m-%d}  " + ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    await asyncio.to_thread(work.mark.unlink, missing_ok=True)
    return counts


def _gone_on_from(work: _Work) -> datetime:
    """Where the same wish was broken off, else its beginning."""
    try:
        mark = json.loads(work.mark.read_text())
        done = datetime.fromisoformat(mark.pop("done"))
    except (OSError, ValueError, KeyError, AttributeError):
        return work.wish.since
    return done if mark == work.asked else work.wish.since


def _weeks(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while since < until:
        yield since, min(since + _WEEK, until)
        since += _WEEK


def _pieces(found: Sequence[Filled]) -> Iterator[Sequence[Filled]]:
    return (found[at : at + _AT_ONCE] for at in range(0, len(found), _AT_ONCE))


async def _taken(db: Database, some: Sequence[Filled], *, dry_run: bool) -> Counter[str]:
    def take(session: Session) -> Counter[str]:
        return Counter(_take(session, event, dry_run=dry_run) for event in some)

    return await (db.read(take) if dry_run else db.write(take))


def _take(session: Session, told: Filled, *, dry_run: bool) -> str:
    """One call into the record; what became of it."""
    told = same_calls.as_known(session, told)
    if same_calls.heard(session, told.call):
        return "known"
    event = replace(told, gap=replace(told.gap, from_at=told.events[0].at, to_at=told.at))
    event = event if keeping.load(session).hidden_numbers else discreet(event)
    kept = call_reading.load(session, event.call)
    if kept is not None and not kept.settled:
        return "open"
    after = apply(kept, event, _NOBODY)
    if after is None or after == kept:
        return "known"
    if dry_run:
        return "added" if kept is None else "completed"
    if kept is not None and kept.id is not None:
        who = recall(session, kept.id, kept.customer)
    else:
        who = NOBODY if after.test else identify(session, after.number, after.region, after.started_at)
        after = replace(after, customer=who.card.id if who.card else None)
    written = calls.save(session, kept, after, who)
    follow_up(session, written, event, SystemClock().now())
    return "added" if kept is None else "completed"
