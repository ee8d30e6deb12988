"""Every answered call has its recording, or says why not, within a minute of its end.

A real Asterisk 22, SIP phones, the service as it is delivered. Customers ring two queues, of which one must not be
recorded, and two agents directly; agents send them on blind and after advice, park them, dial and click. Meanwhile
files of talks that go on vanish or are put in place empty, and the service is killed. The truth is who answered and
who hung up by what the phones logged. The figure is the share of answered calls, in percent, that had a stored
recording or a reason for having none (anything but *coming* and *unexplained*) within 60 s of their end: a recording
from when its row says so, a reason from when somebody who opened the call over and over saw it. With ``--busy`` so many
processes turn sound into text meanwhile, without a pause. Needs root on a Debian.

    ./run bench linked              100 calls, some five minutes
    ./run bench linked --calls 30 --seed 7
    ./run bench linked --busy 4 --keep /var/tmp/linked      keeps what the service wrote
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from itertools import cycle, pairwise
from pathlib import Path
from typing import Final

from callcenter.demo.spool import dialogues, header, pcm
from callcenter.recording import models
from callcenter.recording.ears import Ears
from tests.lab.asterisk import Asterisk
from tests.lab.phonelog import PhoneLog
from tests.lab.phones import Floor
from tests.pbx.job.product import Desk
from tests.pbx.job.test_law import rule
from tests.siege.faults import service_killed
from tests.siege.laid import EXTRA, laid
from tests.siege.people import PEOPLE, logs_outcomes
from tests.siege.siege import AWAY, Fault, Siege
from tests.siege.sounds import LINKED, Sounds
from tests.until import pace, until_async

BAR: Final = 100.0
WITHIN_S: Final = 60.0
LIVING: Final = 4
DIDS: Final = ("7001", "7001", "7002", "7101", "7102")
FORBIDDEN: Final = "sales"
_EMPTY: Final = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\0\0\0"
"""A WAV file as Asterisk begins one."""
_SIDES: Final = ("", "-in", "-out")
_MODEL: Final = Path(__file__).parents[1] / "callcenter" / "demo" / "speech" / "model-tiny"
_LONG: Final = 100
"""So many talks in one file: nobody is idle while the next one is fetched."""
_LENGTH: Final = slice(40, 44)


async def chiara(siege: Siege) -> None:
    await logs_outcomes(siege, "chiara")


class Damage:
    """What befalls files and the service until so many customers have called."""

    def __init__(self, calls: int) -> None:
        self._calls = calls
        self._deeds = cycle((self._vanishes, self._emptied, service_killed))
        self.dealt: Counter[str] = Counter()

    def all(self) -> list[Fault]:
        return [*[self._one] * self._calls, self._rest]

    async def _one(self, siege: Siege) -> None:
        if len(siege.callers) >= self._calls:
            return
        deed = next(self._deeds)
        await deed(siege)
        self.dealt[deed.__name__.strip("_")] += 1
        await pace(siege.dice.uniform(2, 6))

    async def _rest(self, siege: Siege) -> None:
        await until_async(lambda: len(siege.callers) >= self._calls, 3600, "all have called")

    async def _vanishes(self, siege: Siege) -> None:
        await self._unlinked(siege)

    async def _emptied(self, siege: Siege) -> None:
        for file in await self._unlinked(siege):
            file.write_bytes(_EMPTY)

    async def _unlinked(self, siege: Siege) -> list[Path]:
        """A recording that goes on, with its sides; Asterisk goes on writing to what has no name any more."""
        monitor = siege.pbx.spool / "monitor"
        found = await until_async(lambda: next(iter(unfinished(monitor)), None), 60, "a talk that is recorded")
        assert found is not None
        files = [found.with_name(f"{found.stem}{side}.wav") for side in _SIDES]
        for file in files:
            file.unlink(missing_ok=True)
        return files


def unfinished(monitor: Path) -> Iterator[Path]:
    """Recordings whose header does not know yet how long they are."""
    for file in monitor.glob("*.wav"):
        with suppress(FileNotFoundError):
            if not file.stem.endswith(_SIDES[1:]) and file.read_bytes()[_LENGTH] in (b"", bytes(4)):
                yield file


def answered(log: PhoneLog, dialled: Mapping[str, str]) -> dict[str, float]:
    """The calls in which somebody talked with a customer, by his number, and when his line was free again. A phone that
    showed no number rang for a colleague's advice: customers here show theirs."""
    found: dict[str, float] = {}
    for offer in log.answered():
        number = offer.dialled.removeprefix("+") if offer.phone == "trunk" else offer.customer.removeprefix("+")
        if offer.ended_at and (number in dialled or offer.phone != "trunk"):
            found[f"+{number}"] = max(found.get(f"+{number}", 0.0), offer.ended_at)
    for attempt in log.attempts:
        if f"+{attempt.number}" in found and attempt.ended_at:
            found[f"+{attempt.number}"] = attempt.ended_at
    return {number: at for number, at in found.items() if number[1:].isdigit() and len(number) > len("+101")}


def told(sounds: Sounds, folder: Path) -> dict[str, tuple[float, str]]:
    """When each call had a recording or a reason (epoch seconds), and which, by the customer's number."""
    stored = "SELECT c.number_raw, min(r.stored_at) FROM calls c JOIN recordings r ON r.call_id = c.id GROUP BY c.id"
    with closing(sqlite3.connect(folder / "state/callcenter.sqlite3")) as db:
        linked = {
            f"+{number.removeprefix('+')}": datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
            for number, at in db.execute(stored)
            if number and at
        }
    kept = {number: (at, LINKED) for number, at in linked.items()}
    return kept | {number: seen for number, seen in sounds.seen.items() if seen[1] != LINKED}


def late(over: Mapping[str, float], found: Mapping[str, tuple[float, str]], folder: Path) -> Iterator[str]:
    for number, at in over.items():
        seen, why = found.get(number, (time.time(), "nothing"))
        if why == "nothing" or seen - at > WITHIN_S:
            yield f"{number}: {why} after {seen - at:.0f} s; {'; '.join(written(folder, number)) or 'no row'}"


def written(folder: Path, number: str) -> Iterator[str]:
    """What the service itself wrote down of a call's files: where it is late, so is not only whoever looked."""
    said = (
        "SELECT c.ended_at, r.state, r.error, r.stored_at, j.attempts, j.run_at, j.error FROM calls c"
        " LEFT JOIN recordings r ON r.call_id = c.id LEFT JOIN jobs j ON j.kind = 'store_recording'"
        " AND replace(json_extract(j.args, '$.recording'), '-', '') = replace(r.id, '-', '')"
        " WHERE c.number_raw IN (?, ?)"
    )
    with closing(sqlite3.connect(folder / "state/callcenter.sqlite3")) as db:
        for ended, state, error, stored, tries, due, wrong in db.execute(said, (number, number.removeprefix("+"))):
            yield f"ended {ended}, {state} {error or '-'} at {stored}, {tries} tries, next at {due}, {wrong or '-'}"


@asynccontextmanager
async def speech(processes: int, folder: Path) -> AsyncIterator[None]:
    """So many processes listen as the service's own do, to one long talk after the other."""
    talk = dialogues()[0]
    sound = pcm(talk, talk.seconds) * _LONG
    file = folder / "long.wav"
    file.write_bytes(header(len(sound)) + sound)
    ears = [Ears() for _ in range(processes)]

    async def listen(one: Ears) -> None:
        while True:
            await one.hear(file, models.of(_MODEL))

    listening = [asyncio.create_task(listen(one)) for one in ears]
    try:
        yield
    finally:
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        for one in ears:
            await one.close()


async def measure(folder: Path, asked: argparse.Namespace) -> float:
    damage, sounds = Damage(asked.calls), Sounds()

    async def looks(siege: Siege) -> None:
        await sounds.look(siege)

    with ExitStack() as ends:
        floor = ends.enter_context(Floor(ends.enter_context(Asterisk(EXTRA))))
        async with (
            speech(asked.busy, folder),
            laid(floor, folder, asked.seed, working=("anna", "boris", "chiara")) as siege,
        ):
            siege.living, siege.dids, siege.mixed = LIVING, DIDS, True
            await forbid(siege)
            await siege.lay(damage.all(), (*PEOPLE, chiara, looks))
            over = answered(siege.log(), siege.dialled)

            async def all_told() -> bool:
                with suppress(*AWAY):
                    await sounds.look(siege)
                return over.keys() <= sounds.seen.keys()

            with suppress(TimeoutError, AssertionError):
                await until_async(all_told, WITHIN_S + 10, "every call told")
    return report(over, sounds, damage, siege)


async def forbid(siege: Siege) -> None:
    """One of the queues must not be recorded."""
    admin = Desk(siege.product, "admin")
    await admin.sign_in()
    await rule(admin, FORBIDDEN, mode="forbidden")
    await admin.close()


def report(over: Mapping[str, float], sounds: Sounds, damage: Damage, siege: Siege) -> float:
    found = told(sounds, siege.product.folder)
    wrong = list(late(over, found, siege.product.folder))
    took = sorted(seen - over[number] for number, (seen, _) in found.items() if number in over)
    fates = Counter(why for number, (_, why) in found.items() if number in over)
    deeds = ", ".join(f"{name} {many}" for name, many in sorted(Counter(siege.deeds).items()))
    print(f"seed {siege.seed}: {len(siege.callers)} called, {len(over)} calls were answered, handed on: {deeds}")
    print(f"befell: {', '.join(f'{name} {many}' for name, many in sorted(damage.dealt.items()))}")
    print(f"became: {', '.join(f'{name} {many}' for name, many in fates.most_common())}")
    if took:
        print(f"seconds from the end: {took[len(took) // 2]:.1f} (median), {took[-1]:.1f} (slowest)")
    blind = max((after - before for before, after in pairwise(sounds.looked)), default=0.0)
    print(f"looked at the calls {len(sounds.looked)} times, {blind:.1f} s apart at most")
    for line in wrong:
        print(f"  {line}")
    return 100.0 * (1 - len(wrong) / len(over)) if over else 0.0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--calls", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--busy", type=int, default=0, help="processes that turn sound into text meanwhile")
    options.add_argument("--keep", type=Path, help="an empty folder for what the service writes")
    asked = options.parse_args()
    with ExitStack() as ends:
        if asked.keep:
            asked.keep.mkdir(parents=True)
        made = asked.keep or Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="callcenter-linked-")))
        figure = asyncio.run(measure(made, asked))
    print(f"linked {figure:.1f} {BAR:g} {'pass' if figure >= BAR else 'fail'}")
    return int(figure < BAR)


if __name__ == "__main__":
    sys.exit(main())
