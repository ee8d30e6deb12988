"""A job of each kind, laid ready in a small world of its own; and what there is to see of that world."""

from __future__ import annotations

import ast
import hashlib
import importlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import obstore
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.clock import SetClock
from callcenter.crm.hiding_policy import PatternRule
from callcenter.crm.outcome_effects import CLEAR
from callcenter.crm.outcome_hooks import Hooks
from callcenter.crm.privacy import erasure
from callcenter.crm.privacy.erasure import Eraser, Order, Reason
from callcenter.crm.spam_cards import SpamCards
from callcenter.db import Database
from callcenter.jobs import Job, Work
from callcenter.recording import again, opus
from callcenter.recording.capture import Capture, open_store
from callcenter.recording.listeners import Listeners
from callcenter.recording.renditions import Machine, Renditions
from callcenter.recording.transcribe import Transcriber
from callcenter.tables import Base
from tests.crm.office import open_office, talked
from tests.crm.test_api_outcomes import owing
from tests.crm.test_outcome_effects import SPAM, Hook, hooked, left
from tests.house.source import PRODUCT, ROOT, calls, modules, tree
from tests.privacy.allowed import allow_recording
from tests.privacy.archive import open_archive
from tests.privacy.test_erasure import zebulon
from tests.recording.test_capture import NOW, Desk
from tests.recording.test_files import crashed, speech
from tests.recording.test_renditions import Booth, open_booth
from tests.recording.test_transcribe import TALK, Room, sound

_UNLIKE: Final = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")
"""Ids: each world has its own."""
_BESIDE: Final = frozenset({"jobs", "sessions"})
"""Jobs are looked at by themselves; sessions are the people's who made the world."""
_COUNTS_TRIES: Final = frozenset({("transcripts", "attempts")})
"""Meant to tell of every beginning: an engine that dies of a recording is found out by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A job that is due. ``process`` makes one who does it, as each process has its own; ``folders`` are what it may
    change, ``told`` is what the world outside was told."""

    args: Mapping[str, Any]
    process: Callable[[], Work]
    folders: Sequence[Path] = ()
    told: Callable[[], Collection[object]] = tuple


Case = Callable[[Database, Path], AbstractAsyncContextManager[Laid]]


@asynccontextmanager
async def a_recording(db: Database, folder: Path) -> AsyncIterator[Laid]:
    await db.write(lambda s: allow_recording(s, NOW))
    desk = Desk(db, folder)
    speech(desk.spool / "1.wav", seconds=1.5)
    yield _stored(desk, await desk.add("1.wav"))


@asynccontextmanager
async def a_recording_that_is_written_to(db: Database, folder: Path) -> AsyncIterator[Laid]:
    await db.write(lambda s: allow_recording(s, NOW))
    desk = Desk(db, folder)
    recording = await desk.add("1.wav")
    desk.lay(crashed(desk.spool / "1.wav"))
    yield _stored(desk, recording)


@asynccontextmanager
async def a_recording_nobody_allowed(db: Database, folder: Path) -> AsyncIterator[Laid]:
    desk = Desk(db, folder)
    speech(desk.spool / "1.wav", seconds=1.5)
    yield _stored(desk, await desk.add("1.wav"))


def _stored(desk: Desk, recording: UUID) -> Laid:
    def process() -> Work:
        return Capture(desk.db, desk.clock, desk.health, desk.recordings_of, open_store(desk.kept.as_uri())).store

    return Laid(args={"recording": str(recording)}, process=process, folders=[desk.kept, desk.spool])


@asynccontextmanager
async def a_talk_to_be_heard(db: Database, folder: Path) -> AsyncIterator[Laid]:
    rooms = [Room(db, folder)]
    recording = await rooms[0].lay(sound(TALK), TALK.seconds)

    def process() -> Work:
        rooms.append(Room(db, folder))
        room = rooms[-1]
        listeners = Listeners(room.models, [room.ears], room.health)
        return Transcriber(db, SetClock(at=NOW), open_store(room.folder.as_uri()), listeners).job

    yield Laid(args={"recording": str(recording)}, process=process, folders=[rooms[0].folder])
    for room in rooms:
        await room.ears.close()


@asynccontextmanager
async def a_sound_with_a_secret(db: Database, folder: Path) -> AsyncIterator[Laid]:
    async with open_booth(db, folder, opus.Packer(None)) as booth:
        await booth.hush((1.0, 2.0))
        yield _made(booth)


@asynccontextmanager
async def a_sound_to_be_replaced(db: Database, folder: Path) -> AsyncIterator[Laid]:
    async with open_booth(db, folder, opus.Packer(None)) as booth:
        await booth.hush((1.0, 2.0))
        await booth.decide(originals="replace")
        yield _made(booth)


def _made(booth: Booth) -> Laid:
    machine = Machine(packer=opus.Packer(None), listens=lambda: False)

    def process() -> Work:
        return Renditions(booth.db, SetClock(at=NOW), booth.archive.store, machine).make

    args = {"recording": str(booth.archive.recording)}
    return Laid(args=args, process=process, folders=[booth.archive.folder])


@asynccontextmanager
async def sounds_that_nothing_names(db: Database, folder: Path) -> AsyncIterator[Laid]:
    async with open_booth(db, folder, opus.Packer(None)) as booth:
        await obstore.put_async(booth.archive.store, "2026/11/24/dead.wav", b"half")
        keys = ["2026/11/24/dead.wav", "2026/11/24/1.wav"]
        machine = Machine(packer=opus.Packer(None), listens=lambda: False)

        def process() -> Work:
            return Renditions(db, SetClock(at=NOW), booth.archive.store, machine).drop

        yield Laid(args={"keys": keys}, process=process, folders=[booth.archive.folder])


@asynccontextmanager
async def words_to_be_hidden(db: Database, folder: Path) -> AsyncIterator[Laid]:
    """The step that comes to the notes, of which one is to be changed."""
    async with open_booth(db, folder, opus.Packer(None)) as booth:
        await booth.heard()
        await booth.write_note("Thank you, she said.")
        await booth.decide(patterns=[PatternRule(name="thanks", pattern="thank you")])
        run = await db.write(lambda s: again.begin(s, NOW))
        await again.Again(db, SetClock(at=NOW)).step({"run": str(run.run), "part": 0, "after": ""})
        args = {"run": str(run.run), "part": 1, "after": ""}
        yield Laid(args=args, process=lambda: again.Again(db, SetClock(at=NOW)).step, folders=[booth.archive.folder])


@asynccontextmanager
async def a_person_to_be_erased(db: Database, folder: Path) -> AsyncIterator[Laid]:
    async with open_archive(db, folder) as archive:
        await archive.allow()
        customer = UUID(await zebulon(archive, await archive.signed_in("admin", "admin")))
        order, clock = Order(customer=customer, reason=Reason.REQUEST), archive.office.clock
        erased = await db.write(lambda s: erasure.erase(s, order, clock.now()))
        yield Laid(
            args={"erasure": str(erased)},
            process=lambda: Eraser(db, clock, archive.law.files).job,
            folders=[archive.kept, archive.spool, archive.journals],
        )


@asynccontextmanager
async def a_system_to_be_told(
    db: Database, _folder: Path, *, status: int = 204, later: float = 0
) -> AsyncIterator[Laid]:
    """It counts deliveries by their ids, as it is asked to."""
    hook = Hook(answers=[status] * 2)
    app = web.Application()
    app.router.add_post("/hook", hook.take)
    async with TestServer(app) as server, open_office(db) as office:
        hook.url = str(server.make_url("/hook"))
        _, _, args = await hooked(office, hook)
        office.clock.move(later)
        yield Laid(
            args=args,
            process=lambda: Hooks(db, office.clock).job,
            told=lambda: {(headers["X-Callcenter-Delivery"], body) for body, headers in hook.told},
        )


def a_system_that_takes_nothing(db: Database, folder: Path) -> AbstractAsyncContextManager[Laid]:
    return a_system_to_be_told(db, folder, status=503, later=25 * 3600)


@asynccontextmanager
async def a_card_of_spam(db: Database, _folder: Path) -> AsyncIterator[Laid]:
    async with open_office(db) as office:
        anna, segment = await owing(office)
        assert (await anna.put(f"/segments/{segment}/outcome", SPAM)).status == 200
        (args,) = await left(office, CLEAR)
        yield Laid(args=args, process=lambda: SpamCards(db, office.clock).job)


@asynccontextmanager
async def a_card_of_spam_in_use(db: Database, _folder: Path) -> AsyncIterator[Laid]:
    async with open_office(db) as office:
        anna, segment = await owing(office)
        await office.signed_in("boris", extension="102")
        await office.happens(talked("102", uniqueid="1700000000.2"))
        assert (await anna.put(f"/segments/{segment}/outcome", SPAM)).status == 200
        (args,) = await left(office, CLEAR)
        yield Laid(args=args, process=lambda: SpamCards(db, office.clock).job)


CASES: Final[Sequence[tuple[str, Case]]] = (
    ("store_recording", a_recording),
    ("store_recording", a_recording_that_is_written_to),
    ("store_recording", a_recording_nobody_allowed),
    ("transcribe", a_talk_to_be_heard),
    ("make_rendition", a_sound_with_a_secret),
    ("make_rendition", a_sound_to_be_replaced),
    ("drop_sounds", sounds_that_nothing_names),
    ("hide_again", words_to_be_hidden),
    ("erase_files", a_person_to_be_erased),
    ("outcome_webhook", a_system_to_be_told),
    ("outcome_webhook", a_system_that_takes_nothing),
    ("clear_spam_card", a_card_of_spam),
    ("clear_spam_card", a_card_of_spam_in_use),
)


def kinds() -> set[str]:
    """Of every job that the product's code leaves to be done or says how to do, as it is named there."""
    return {kind for path in modules(PRODUCT) for kind in _named_in(path)}


def _named_in(path: Path) -> Iterator[str]:
    for name, call in calls(tree(path)):
        given = [word.value for word in call.keywords if word.arg == "kind" and name == "Order"]
        given += call.args[1:2] if name == "enqueue" else []
        given += call.args[:1] if name == "on" and "jobs" in ast.unparse(call.func) else []
        for one in given:
            yield from _worth(path, one)


def _worth(path: Path, word: ast.expr) -> Iterator[str]:
    """What a constant is, here or in a module that is imported here. ``kind`` alone is handed on from elsewhere."""
    if isinstance(word, ast.Constant):
        yield str(word.value)
    elif ast.unparse(word) != "kind":
        found: Any = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for part in ast.unparse(word).split("."):
            found = getattr(found, part)
        yield str(found)


async def picture(db: Database, laid: Laid) -> Counter[str]:
    """Everything that can be seen, a line each, but for what ids are."""
    seen = await db.read(_rows)
    for folder in laid.folders:
        files = [file for file in folder.rglob("*") if file.is_file()]
        seen.update(f"file {_alike(file.name)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files)
    seen.update({f"told {_alike(one)}": 1 for one in laid.told()})
    return seen


def changed(before: Counter[str], after: Counter[str]) -> list[str]:
    """What a job did: a world is not made quite like another one, passwords differ."""
    return sorted(
        [*(f"- {one}" for one in (before - after).elements()), *(f"+ {one}" for one in (after - before).elements())]
    )


def _rows(session: Session) -> Counter[str]:
    """An order that is given twice is one order: whoever carries it out may do so twice."""
    found: Counter[str] = Counter()
    for table in Base.metadata.sorted_tables:
        shown = [column for column in table.columns if (table.name, column.name) not in _COUNTS_TRIES]
        rows = session.execute(select(*shown)).all() if table.name not in _BESIDE else []
        found.update(f"{table.name} {_alike(dict(row._mapping))}" for row in rows)
    for job in session.scalars(select(Job)):
        found[f"order {_alike((job.kind, sorted(job.args.items()), job.run_at))}"] = 1
    return found


def _alike(value: object) -> str:
    return _UNLIKE.sub("•", str(value))
