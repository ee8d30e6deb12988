"""Searches of cards as agents type them, against a look-up by primary key in the same run.

``./run bench search_customers [CARDS] [--database URL]``: 100,000 cards by default, on SQLite in a temporary folder or
in an empty PostgreSQL database. Each search is run three times and its fastest counts: other work on the machine is no
property of a search.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from callcenter.clock import SystemClock
from callcenter.crm import find, matching
from callcenter.crm.fold import fold
from callcenter.crm.models.cards import CardWord, WordKey
from callcenter.crm.models.customers import ContactPoint, Customer, PhoneNumber
from callcenter.crm.rights import Actor, UserRole
from callcenter.crm.schema import migrate
from callcenter.db import Database
from callcenter.ids import new_id

BAR = 80.0
"""How many look-ups by primary key one search may cost at the 99th percentile."""
FIRST = ("Ivan", "Anna", "Maria", "Dmitri", "Olga", "Sergei", "Elena", "Pavel", "Mario", "Giulia", "Leyla", "Rashad")
SYLLABLES = tuple(c + v for c in "bdgklmnprstvz" for v in "aeo")
ASKED: dict[str, Callable[[str, str], str]] = {
    "name": lambda name, number: name,
    "surname with a slip": lambda name, number: slip(name.split()[1]),
    "beginning": lambda name, number: name.split()[1][:4],
    "two letters": lambda name, number: name[:2],
    "common first name": lambda name, number: name.split()[0],
    "beginning of a common one": lambda name, number: name.split()[0][:3],
    "common one and beginning": lambda name, number: f"{name.split()[0]} {name.split()[1][:2]}",
    "in the other alphabet": lambda name, number: f"Иван {name.split()[1][:3]}",
    "number": lambda name, number: number,
    "last four": lambda name, number: number[-4:],
}
_AT_ONCE = 20_000
_SEARCHES = 200
_RUNS = 3


def surname(rng: random.Random) -> str:
    return "".join(rng.choices(SYLLABLES, k=3)).title() + rng.choice(("v", "va", "nko", "ev", "yan", "ni"))


async def fill(db: Database, cards: int, rng: random.Random) -> list[tuple[str, str]]:
    """Names and numbers of some of them."""
    known, shown = set[str](), list[tuple[str, str]]()
    for start in range(0, cards, _AT_ONCE):
        some = [(f"{rng.choice(FIRST)} {surname(rng)}", f"+7916{n:07d}") for n in range(start, start + _AT_ONCE)]
        some = some[: cards - start]
        await db.write(partial(_add, some, known))
        shown += some[:: cards // 500 or 1]
    await db.write(lambda s: s.execute(text("ANALYZE")) if not db.sqlite else None)
    return shown


def _add(some: list[tuple[str, str]], known: set[str], session: Session) -> None:
    now = SystemClock().now()
    rows, numbers, points, words, keys = [], [], [], [], []
    for name, dialled in some:
        card, number, spoken = new_id(), new_id(), matching.words_of(name, "")
        rows.append({"id": card, "name": name, "search_text": fold(name), "created_at": now, "updated_at": now})
        numbers.append({"id": number, "key": dialled, "e164": dialled, "tail": dialled[-9:], "last4": dialled[-4:]})
        points.append({"customer_id": card, "number_id": number, "raw": dialled, "created_at": now})
        words += [{"word": word, "customer_id": card} for word in spoken]
        keys += [{"key": key, "word": word} for word in spoken - known for key in matching.keys_of(word)]
        known |= spoken
    for kind, made in (
        (Customer, rows),
        (PhoneNumber, numbers),
        (ContactPoint, points),
        (CardWord, words),
        (WordKey, keys),
    ):
        session.execute(insert(kind), made)


def slip(word: str) -> str:
    at = len(word) // 2
    return word[:at] + word[at + 1 :]


async def timed(db: Database, work: Callable[[Session], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    await db.read(work)
    return (time.perf_counter() - began) * 1000


async def fastest(db: Database, work: Callable[[Session], object]) -> float:
    return min([await timed(db, work) for _ in range(_RUNS)])


def _by_key(card: UUID, session: Session) -> object:
    return session.execute(select(Customer.name).where(Customer.id == card)).all()


def _searched(text: str, who: Actor, session: Session) -> object:
    return find.ranked(session, text, "RU", who)


async def measure(db: Database, shown: list[tuple[str, str]]) -> float:
    """The worst 99th percentile, in look-ups by primary key."""
    who = Actor(id=new_id(), role=UserRole.AGENT, username="", display_name="", language="en", session=new_id())
    ids = await db.read(lambda s: list(s.scalars(select(Customer.id).limit(500))))
    base = statistics.median([await fastest(db, partial(_by_key, card)) for card in ids])
    print(f"look-up by primary key {base:.3f} ms")
    worst = 0.0
    for name, typed in ASKED.items():
        times = sorted([await fastest(db, partial(_searched, typed(*card), who)) for card in shown[:_SEARCHES]])
        p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99) - 1]
        worst = max(worst, p99 / base)
        print(f"{name:26} p50 {p50:7.2f} ms  p99 {p99:7.2f} ms  {p99 / base:6.1f} x")
    return worst


async def run(cards: int, url: str) -> bool:
    db = Database(url)
    await db.start()
    try:
        shown = await fill(db, cards, random.Random(7))
        worst = await measure(db, shown)
    finally:
        await db.close()
    passed = worst <= BAR
    print(f"search_customers {worst:.0f} {BAR:.0f} {'pass' if passed else 'fail'}")
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cards", type=int, nargs="?", default=100_000)
    parser.add_argument("--database", help="an empty PostgreSQL database")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = asked.database or f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        migrate(url)
        print(f"{asked.cards} cards on {'PostgreSQL' if asked.database else 'SQLite'}")
        return 0 if asyncio.run(run(asked.cards, url)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
