"""How fast a list becomes customers: ``callcenter import customers`` on a new database, then its undo.

Every row is read, its numbers are normalised, looked for among all cards and written with its words, its log line and
what undo needs. The floor is what SQLite itself takes for the same rows: three plain inserts a customer, in one
transaction.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import closing
from pathlib import Path

from bench._floor_plan import prepare

BAR = 0.01
"""Of the floor's rows a second."""
SEED = 20261127
DIRT = ("+7 ({0}) {1}-{2}-{3}", "8{0}{1}{2}{3}", "8 {0} {1}.{2}.{3}", "7-{0}-{1}-{2}-{3}", "{0}{1}{2}{3}")


def write_list(file: Path, rows: int) -> None:
    """Names and numbers as people type them; each tenth number occurs twice."""
    chance = random.Random(SEED)
    with file.open("w", encoding="utf-8", newline="") as out:
        sheet = csv.writer(out, delimiter=";")
        sheet.writerow(("Name", "Phone", "E-mail", "Organisation"))
        for serial in range(rows):
            digits = f"916{serial - serial % 10 if serial % 10 == 1 else serial:07d}"
            number = chance.choice(DIRT).format(digits[:3], digits[3:6], digits[6:8], digits[8:])
            sheet.writerow((f"Customer {serial}", number, f"c{serial}@example.com", f"Company {serial % 500}"))


def floor(folder: Path, rows: int) -> float:
    """Seconds of plain inserts."""
    with closing(sqlite3.connect(folder / "floor.sqlite3", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE c (id BLOB PRIMARY KEY, name TEXT, email TEXT, organisation TEXT)")
        db.execute("CREATE TABLE n (id BLOB PRIMARY KEY, key TEXT UNIQUE)")
        db.execute("CREATE TABLE p (id BLOB PRIMARY KEY, c BLOB, n BLOB)")
        made = [(uuid.uuid4().bytes, uuid.uuid4().bytes, uuid.uuid4().bytes, serial) for serial in range(rows)]
        began = time.perf_counter()
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO c VALUES (?, ?, '', '')", [(c, f"Customer {s}") for c, _, _, s in made])
        db.executemany("INSERT INTO n VALUES (?, ?)", [(n, f"+7916{s:07d}") for _, n, _, s in made])
        db.executemany("INSERT INTO p VALUES (?, ?, ?)", [(p, c, n) for c, n, p, _ in made])
        db.execute("COMMIT")
        return time.perf_counter() - began


def command(env: dict[str, str], *words: str) -> tuple[str, float]:
    """What the command said, and how long it took."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "callcenter", *words], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"callcenter {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout, time.perf_counter() - began


def run(rows: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="callcenter-bench-") as place:
        folder = Path(place)
        plan = asyncio.run(prepare(folder, 0))
        env = {**os.environ, **plan.environment(1)}
        write_list(folder / "list.csv", rows)
        raw = floor(folder, rows)
        said, took = command(env, "import", "customers", str(folder / "list.csv"), "--known", "fill")
        found = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", said)
        print(said.strip())
        undone = command(env, "import", "undo", found[0])[1] if found else float("nan")
    print(f"{rows} rows: floor {rows / raw:.0f}/s, import {rows / took:.0f}/s, undo {rows / undone:.0f}/s")
    ratio = raw / took
    print(f"import_customers {ratio:.4f} {BAR:g} {'pass' if ratio >= BAR else 'fail'}")
    return ratio >= BAR


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    return 0 if run(parser.parse_args().rows) else 1


if __name__ == "__main__":
    sys.exit(main())
