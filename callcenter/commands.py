"""What the commands do, beside ``run``: people, the doctor, captures, the OpenAPI document.

A command that writes takes the database's own write lock for one short transaction, beside a running service.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.orm import Session as DbSession

from callcenter.ami.capture import record, replay
from callcenter.ami.wire import Session, open_session
from callcenter.clock import SystemClock
from callcenter.config import SettingError, Settings
from callcenter.crm import sessions, users
from callcenter.crm.privacy import chain
from callcenter.crm.schema import migrate
from callcenter.db import Database
from callcenter.errors import Invalid, NotFound, Unavailable
from callcenter.events import MemberState
from callcenter.links import link
from callcenter.log import mask
from callcenter.pbxmap import Kind, PbxMap, Rule
from callcenter.routing.doctor import Finding, examine


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


async def diagnose(settings: Settings, only: str | None) -> list[Finding]:
    """Looks at every PBX, changes nothing. A PBX that cannot be reached is a finding too."""
    found: list[Finding] = []
    for name in _names(settings, only):
        try:
            found += await _diagnose(settings, name)
        except Unavailable as wrong:
            found.append(_unreachable(name, wrong))
    return found


async def _diagnose(settings: Settings, name: str) -> list[Finding]:
    clock = SystemClock()
    session = await open_session(link(name, settings.pbx[name]), lambda *_: None, clock)
    try:
        members = await session.send({"Action": "QueueStatus"})
        queues = await _queues(session)
    finally:
        session.close()
    rows = [row for row in members if row.get("event") == "QueueMember"]
    return examine(queues, [_member(name, row, clock) for row in rows])


async def _queues(session: Session) -> dict[str, dict[str, str]]:
    """The sections of queues.conf as Asterisk reads them, includes and templates resolved."""
    try:
        (answer,) = await session.send({"Action": "GetConfig", "Filename": "queues.conf"})
    except Unavailable as wrong:
        if wrong.code != "pbx_refused":
            raise
        raise Unavailable("the AMI user may not read queues.conf; give it write=config in manager.conf") from wrong
    return config_sections(answer)


def config_sections(answer: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Sections and settings of a GetConfig answer: ``category-000000: support``, ``line-000000-000001: a=b``."""
    names = {key.removeprefix("category-"): value for key, value in answer.items() if key.startswith("category-")}
    sections: dict[str, dict[str, str]] = {name: {} for name in names.values()}
    for key, value in answer.items():
        if key.startswith("line-"):
            option, _, setting = value.partition("=")
            sections[names[key.split("-")[1]]][option.strip().lower()] = setting.strip().removeprefix(">").strip()
    templates = {name for number, name in names.items() if answer.get(f"istemplate-{number}")}
    return {name: options for name, options in sections.items() if name not in templates}


def _member(pbx: str, row: Mapping[str, str], clock: SystemClock) -> MemberState:
    return MemberState(
        pbx=pbx,
        at=clock.now(),
        queue=row.get("queue", ""),
        interface=row.get("location", ""),
        name=row.get("name", ""),
        paused=row.get("paused") == "1",
        reason=row.get("pausedreason", ""),
        state_interface=row.get("stateinterface", ""),
        status=int(row.get("status", "0")),
        in_call=row.get("incall") == "1",
    )


def _unreachable(name: str, wrong: Unavailable) -> Finding:
    return Finding(
        code=wrong.code,
        thing=f"PBX {name}",
        what="it cannot be asked",
        why="without the link no pop, no recording and no outcome comes into being",
        remedy=str(wrong),
    )


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
