"""Searches of cards as agents type them, against a look-up by primary key in the same run.

``./run bench search_customers [CARDS]``; 100,000 cards by default, on SQLite in a temporary folder.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

from sqlalchemy import create_engine, insert, select
from sqlalchemy.orm import Session

from callcenter.clock import SystemClock
from callcenter.crm import find, matching
from callcenter.crm.fold import fold
from callcenter.crm.models.cards import CardWord, WordKey
from callcenter.crm.models.customers import ContactPoint, Customer, PhoneNumber
from callcenter.crm.rights import Actor, UserRole
from callcenter.crm.schema import migrate
from callcenter.ids import new_id

BAR = 400.0
"""How many look-ups by primary key one search may cost at the 99th percentile."""
FIRST = ("Ivan", "Anna", "Maria", "Dmitri", "Olga", "Sergei", "Elena", "Pavel", "Mario", "Giulia", "Leyla", "Rashad")
SYLLABLES = tuple(c + v for c in "bdgklmnprstvz" for v in "aeo")
_AT_ONCE = 20_000


def surname(rng: random.Random) -> str:
    return "".join(rng.choices(SYLLABLES, k=3)).title() + rng.choice(("v", "va", "nko", "ev", "yan", "ni"))


def fill(session: Session, cards: int, rng: random.Random) -> list[tuple[str, str]]:
    """Names and numbers of some of them."""
    now, known, shown = SystemClock().now(), set[str](), list[tuple[str, str]]()
    for start in range(0, cards, _AT_ONCE):
        rows, numbers, points, words, keys = [], [], [], [], []
        for n in range(start, min(start + _AT_ONCE, cards)):
            name, card, number = f"{rng.choice(FIRST)} {surname(rng)}", new_id(), new_id()
            dialled = f"+7916{n:07d}"
            rows.append({"id": card, "name": name, "search_text": fold(name), "created_at": now, "updated_at": now})
            numbers.append({"id": number, "key": dialled, "e164": dialled, "tail": dialled[-9:], "last4": dialled[-4:]})
            points.append({"customer_id": card, "number_id": number, "raw": dialled, "created_at": now})
            spoken = matching.words_of(name, "")
            words += [{"word": word, "customer_id": card} for word in spoken]
            keys += [{"key": key, "word": word} for word in spoken - known for key in matching.keys_of(word)]
            known |= spoken
            if n % (cards // 500 or 1) == 0:
                shown.append((name, dialled))
        for kind, some in ((Customer, rows), (PhoneNumber, numbers), (ContactPoint, points), (CardWord, words)):
            session.execute(insert(kind), some)
        if keys:
            session.execute(insert(WordKey), keys)
    session.commit()
    return shown


def slip(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word))
    return word[:at] + word[at + 1 :]


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _by_key(session: Session, card: UUID) -> object:
    return session.execute(select(Customer.name).where(Customer.id == card)).all()


def main() -> int:
    cards = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        migrate(url)
        with Session(create_engine(url)) as session:
            shown = fill(session, cards, rng)
            return measure(session, shown, rng, cards)


def measure(session: Session, shown: list[tuple[str, str]], rng: random.Random, cards: int) -> int:
    who = Actor(id=new_id(), role=UserRole.AGENT, username="", display_name="", language="en", session=new_id())
    ids = list(session.scalars(select(Customer.id).limit(500)))
    asked: dict[str, Callable[[tuple[str, str]], str]] = {
        "name": lambda card: card[0],
        "surname with a slip": lambda card: slip(card[0].split()[1], rng),
        "beginning": lambda card: card[0].split()[1][:4],
        "common first name": lambda card: card[0].split()[0],
        "number": lambda card: card[1],
        "last four": lambda card: card[1][-4:],
    }
    base = statistics.median(timed(partial(_by_key, session, card)) for card in ids)
    print(f"{cards} cards; look-up by primary key {base:.3f} ms")
    worst = 0.0
    for name, text in asked.items():
        times = sorted(timed(partial(find.ranked, session, text(card), "RU", who)) for card in shown[:200])
        p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99) - 1]
        worst = max(worst, p99 / base)
        print(f"{name:22} p50 {p50:7.2f} ms  p99 {p99:7.2f} ms  {p99 / base:6.0f} x")
    passed = worst <= BAR
    print(f"search_customers {worst:.0f} {BAR:.0f} {'pass' if passed else 'fail'}")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
