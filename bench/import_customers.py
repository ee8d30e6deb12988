"""How fast a list becomes customers: ``callcenter import customers`` on a new database, then its undo.

Every row is read, its numbers are normalised, looked for among all cards and written with its words, its log line and
what undo needs, in transactions that no ringing phone waits for. The floor is what SQLite itself takes for what was
made: the very same rows, by plain inserts into the same tables with the same indexes, in one transaction.
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
from contextlib import closing
from pathlib import Path

from bench._floor_plan import prepare
from callcenter.crm.schema import migrate

BAR = 0.05
"""Of the floor's speed."""
TABLES = (
    *("customers", "phone_numbers", "contact_points", "contact_ways", "card_words", "word_keys"),
    *("status_changes", "imports", "import_rows"),
)
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


def floor(made: Path, folder: Path) -> float:
    """Seconds of plain inserts of all that was made."""
    migrate(f"sqlite:///{folder / 'floor.sqlite3'}")
    with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(folder / "floor.sqlite3")) as target:
        taken = 0.0
        for table in TABLES:
            rows = source.execute(f"SELECT * FROM {table}").fetchall()
            places = ",".join("?" * len(rows[0])) if rows else ""
            began = time.perf_counter()
            if rows:
                target.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
            taken += time.perf_counter() - began
        began = time.perf_counter()
        target.commit()
        return taken + time.perf_counter() - began


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
        said, took = command(env, "import", "customers", str(folder / "list.csv"), "--known", "fill")
        found = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", said)
        print(said.strip())
        raw = floor(folder / "callcenter.sqlite3", folder)
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
