"""What the commands do, beside ``run``: people, the doctor, captures, the OpenAPI document.

A command that writes takes the database's own write lock for one short transaction, beside a running service.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session as DbSession

from callcenter.ami.capture import record, replay
from callcenter.clock import SystemClock
from callcenter.config import SettingError, Settings
from callcenter.crm import sessions, tallies, users
from callcenter.crm.privacy import chain
from callcenter.crm.schema import migrate
from callcenter.db import Database
from callcenter.errors import Invalid, NotFound, Unavailable
from callcenter.links import link
from callcenter.log import mask
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.recording.models import Models
from callcenter.recording.tally import Places, Tally
from callcenter.routing.doctor.doctor import Doctor
from callcenter.routing.doctor.findings import Report


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The database at this version, for one command."""
    await asyncio.to_thread(migrate, settings.database)
    db = Database(settings.database)
    await db.start()
    try:
        yield db
    finally:
        await db.close()


async def add_user(settings: Settings, values: Mapping[str, str], password: str) -> None:
    """``values``: username, display_name, role, language. Raises Invalid."""
    hashed = await asyncio.to_thread(users.hash_password, password)
    async with database(settings) as db:
        await db.write(lambda s: users.create(s, dict(values), hashed, SystemClock().now()).id)


async def list_users(settings: Settings) -> list[str]:
    """A line a person."""
    async with database(settings) as db:
        people = await db.read(users.everybody)
    return [f"{u.username}\t{u.role}\t{u.display_name}{'' if u.active else '  (inactive)'}" for u in people]


async def verify_audit(settings: Settings, head: str) -> tuple[bool, str]:
    """Whether the audit trail is whole, and what to tell: the seal to write down, or where it is broken."""
    async with database(settings) as db:
        found = await db.read(lambda s: chain.check(s, SystemClock().now(), head=head))
    if found.broken_at is not None:
        return False, f"broken at line {found.broken_at}: {found.why}"
    if not found.head_found:
        return False, "the seal is not in the chain: lines were rewritten since it was written down"
    if found.unsealed:
        return False, f"{found.unsealed} lines have no seal: start the service, which seals them, and look again"
    return True, f"{found.links} lines are whole; the seal to write down is {found.head.digest}"


async def set_password(settings: Settings, username: str, password: str) -> None:
    """Also ends the person's sessions: the service closes their tabs within half a minute."""
    hashed = await asyncio.to_thread(users.hash_password, password)

    async with database(settings) as db:
        found = await db.read(lambda s: users.by_username(s, username))
        if found is None:
            raise NotFound(f"there is no user {username}; see: callcenter user list")
        person = found.id
        now = SystemClock().now()

        def write(session: DbSession) -> None:
            users.change(session, person, {"password_hash": hashed})
            sessions.revoke(session, person, now)

        await db.write(write)


async def diagnose(settings: Settings, only: str | None) -> list[Report]:
    """Looks at every PBX, changes nothing."""
    async with _opened(settings) as db:
        clock = SystemClock()
        doctor = Doctor(settings, lambda name: link(name, settings.pbx[name]), db, clock, Models.of(settings).names)
        return [await doctor.examine(name) for name in _names(settings, only)]


async def tally(settings: Settings) -> dict[str, Any]:
    """Counts the last day's answered calls against their recordings: figures, and what was found by reason."""
    async with database(settings) as db:
        counter = Tally(db, SystemClock(), Places(names=tuple(settings.pbx), of=settings.recordings_of))
        row = await counter.count()
        reasons = await db.read(lambda s: tallies.by_reason(s, row.id))
    names = ("answered", "present", "excused", "delayed", "lost", "unexplained", "strays", "linked")
    return {**{name: getattr(row, name) for name in names}, "reasons": reasons}


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database | None]:
    """The database as it is, None where that cannot be read."""
    if not await asyncio.to_thread(_there, settings.database):
        yield None
        return
    db = Database(settings.database)
    try:
        await db.start()
    except Unavailable:
        await db.close()
        yield None
        return
    try:
        yield db
    finally:
        await db.close()


def _there(database: str) -> bool:
    """Whether looking would not make a new one."""
    url = make_url(database)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()


async def capture(settings: Settings, file: Path, only: str | None) -> None:
    """Writes the raw stream of one PBX until it is stopped."""
    names = _names(settings, only)
    if len(names) != 1:
        raise SettingError(f"say which PBX with --pbx: {', '.join(names)}")
    await record(link(names[0], settings.pbx[names[0]]), file)


def replayed(file: Path, rules: Iterable[str]) -> Iterator[str]:
    """A line an event, numbers masked. ``rules`` are ``PATTERN=KIND``."""
    map = PbxMap(pbx="capture", region="US", rules=tuple(_rule(text) for text in rules))
    for event in replay(file, map):
        shown = {name: getattr(event, name) for name in getattr(event, "__slots__", ())}
        for name in ("number_raw", "number_read"):
            if shown.get(name):
                shown[name] = mask(shown[name])
        shown.pop("name", None)
        words = " ".join(f"{name}={value}" for name, value in shown.items())
        call = getattr(event, "call", "")
        yield f"{getattr(event, 'at', '')} {type(event).__name__} {call} {words}"


def _rule(text: str) -> Rule:
    pattern, equals, kind = text.rpartition("=")
    if not equals or kind not in Kind.__members__.values():
        kinds = ", ".join(k.value for k in Kind)
        raise Invalid(f"a rule is PATTERN=KIND with one of {kinds}", fields={"map": "not_allowed"})
    return Rule(pattern=pattern, kind=Kind(kind))


def _names(settings: Settings, only: str | None) -> Sequence[str]:
    if not settings.pbx:
        raise SettingError("no PBX is set; set CALLCENTER_PBX__MAIN__HOST, __USERNAME and __SECRET")
    if only is None:
        return list(settings.pbx)
    if only not in settings.pbx:
        raise SettingError(f"there is no PBX {only} in the settings; there are {', '.join(settings.pbx)}")
    return [only]
