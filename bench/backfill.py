"""How fast a PBX's years become cards and timelines: ``callcenter backfill`` over calls that a real Asterisk wrote.

The channel events of captured calls again and again, each with channels, a minute and a caller of its own: every
row is read, told to the tracker, folded into a call, its customer found or made, and all of it written, in
transactions that no ringing phone waits for. The floor is what cannot be left out: reading the same file as CSV,
and plain inserts of the very rows that were made into the same tables with the same indexes, in one transaction.
Both are seconds of a core, which other work on the machine does not change. ``--postgres``: on a PostgreSQL of its
own, against the same floor. Done again it must add nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bench._floor_plan import prepare
from callcenter.crm.models.desks import MapRule
from callcenter.crm.schema import migrate
from callcenter.db import Database
from tests.postgres import started

BAR: Final = 0.01
"""Of the floor's speed."""
TABLES: Final = (
    *("phone_numbers", "customers", "contact_points", "calls", "call_candidates", "call_gaps"),
    *("queue_visits", "segments", "offers", "recordings", "card_words", "word_keys"),
)
HERE: Final = Path(__file__).parents[1] / "tests" / "captures" / "history"
NAMES: Final = ("queue_rrmemory_answered", "queue_ringall_answered", "direct_did_answered", "queue_abandoned_waiting")
BEGAN: Final = datetime(2019, 1, 1, 8, tzinfo=UTC)
_STAMP: Final = re.compile(r"(1795\d{6})\.(\d+)")
_MICROS: Final = 6


def write(file: Path, calls: int) -> int:
    """Calls one a minute, of which every third caller has called before; how many rows."""
    stories = [(HERE / f"{name}.cel").read_text().replace("/anonymous-", "/trunk-") for name in NAMES]
    rows = 0
    with file.open("w", encoding="utf-8", newline="") as out:
        for n in range(calls):
            at, story = int((BEGAN + timedelta(minutes=n)).timestamp()), stories[n % len(stories)]
            number = f"7495{2_000_000 + (n if n % 3 else n // 2):07d}"
            out.write(_moved(story, at, 8 * n).replace("74951234567", number))
            rows += story.count("\n")
    return rows


def _moved(story: str, at: int, serial: int) -> str:
    """The story as if it had begun at that second, with channels from that serial number on."""
    first = min(int(found[1]) for found in _STAMP.finditer(story))

    def stamp(found: re.Match[str]) -> str:
        of_time = len(found[2]) == _MICROS
        return f"{int(found[1]) - first + at}.{found[2] if of_time else int(found[2]) + serial}"

    return _STAMP.sub(stamp, story)


def floor(history: Path, made: Path, folder: Path) -> float:
    """Seconds of a core: reading the file and of plain inserts of all that was made."""
    began = time.process_time()
    with history.open(newline="") as file:
        for _ in csv.reader(file):
            pass
    taken = time.process_time() - began
    migrate(f"sqlite:///{folder / 'floor.sqlite3'}")
    with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(folder / "floor.sqlite3")) as target:
        for table in TABLES:
            rows = source.execute(f"SELECT * FROM {table}").fetchall()
            began = time.process_time()
            if rows:
                target.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
            taken += time.process_time() - began
        began = time.process_time()
        target.commit()
        return taken + time.process_time() - began


def backfill(env: dict[str, str], history: Path, calls: int) -> tuple[dict[str, int], float]:
    """What the command counted, and the seconds of a core it took."""
    began, until = _of_children(), BEGAN + timedelta(minutes=calls + 5)
    span = ("--since", BEGAN.isoformat(), "--until", until.isoformat())
    words = ("backfill", *span, "--source", str(history), "--json")
    done = subprocess.run(
        [sys.executable, "-m", "callcenter", *words], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"callcenter backfill: {done.stderr.strip()}")
    return json.loads(done.stdout)["main"], _of_children() - began


async def mapped(url: str) -> None:
    """The PBX's channels are known."""
    db = Database(url)
    await db.start()
    rules = (("PJSIP/trunk", "trunk"), ("PJSIP/1??", "device"))
    rows = [MapRule(pbx="main", position=n, pattern=pattern, kind=kind) for n, (pattern, kind) in enumerate(rules)]
    try:
        await db.write(lambda session: session.add_all(rows))
    finally:
        await db.close()


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(calls: int, *, postgres: bool) -> bool:
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="callcenter-bench-")))
        plan = asyncio.run(prepare(folder, 0))
        env = {**os.environ, **plan.environment(1)}
        rows = write(folder / "cel.csv", calls)
        counts, took = backfill(env, folder / "cel.csv", calls)
        raw = floor(folder / "cel.csv", folder / "callcenter.sqlite3", folder)
        where = "SQLite"
        if postgres:
            cluster = ends.enter_context(started(durable=True))
            env["CALLCENTER_DATABASE_URL"] = cluster.url(cluster.new_database())
            migrate(env["CALLCENTER_DATABASE_URL"])
            asyncio.run(mapped(env["CALLCENTER_DATABASE_URL"]))
            counts, took = backfill(env, folder / "cel.csv", calls)
            where = "PostgreSQL"
        again, retold = backfill(env, folder / "cel.csv", calls)
    print(f"{calls} calls, {rows} rows on {where}: {counts}; again: {again}")
    print(f"floor {calls / raw:.0f} calls/s, backfill {calls / took:.0f}, again {calls / retold:.0f}")
    ratio, whole = raw / took, counts == {"added": calls} and again == {"known": calls}
    print(f"backfill {ratio:.4f} {BAR:g} {'pass' if ratio >= BAR and whole else 'fail'}")
    return ratio >= BAR and whole


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--postgres", action="store_true")
    asked = parser.parse_args()
    return 0 if run(asked.calls, postgres=asked.postgres) else 1


if __name__ == "__main__":
    sys.exit(main())
