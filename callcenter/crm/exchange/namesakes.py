"""Customers who bear the name of a row and share no number with it: perhaps the same, which only people know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.crm import matching
from callcenter.crm.exchange.reach import Reach
from callcenter.crm.exchange.writing import Row
from callcenter.crm.models.cards import CardWord
from callcenter.crm.models.customers import Customer
from callcenter.crm.visible import narrow

_TOO_COMMON: Final = 2000
"""A word that more cards have than this says nothing, alone or beside others like it."""
_TOLD: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Namesake:
    card: UUID
    name: str
    organisation: str


def find(session: Session, rows: Sequence[Row], reach: Reach) -> dict[int, list[Namesake]]:
    """By the row's line: up to three cards whose name sounds the same, in whatever order and alphabet it is written.

    One word alone is no name to go by, nor are names of which every word is very common.
    """
    asked = {row.n: _words(str(row.draft.values.get("name", ""))) for row in rows}
    asked = {n: words for n, words in asked.items() if len(words) > 1}
    rarest = _rarest(session, asked)
    cards: dict[str, list[Namesake]] = {word: [] for word in rarest.values()}
    holders = (
        select(CardWord.word, Customer.id, Customer.name, Customer.organisation)
        .join(Customer, Customer.id == CardWord.customer_id)
        .where(CardWord.word.in_(cards), Customer.merged_into.is_(None))
    )
    seen = narrow(holders, reach.by, Customer) if reach.by else holders
    for word, card, name, organisation in session.execute(seen) if cards else ():
        cards[word].append(Namesake(card=card, name=name, organisation=organisation))
    found = {n: [one for one in cards[word] if _words(one.name) == asked[n]] for n, word in rarest.items()}
    return {n: namesakes[:_TOLD] for n, namesakes in found.items() if namesakes}


def _words(name: str) -> frozenset[frozenset[str]]:
    """The words of a name, each in all ways it may sound."""
    return frozenset(matching.sounds(name))


def _rarest(session: Session, asked: Mapping[int, Iterable[frozenset[str]]]) -> dict[int, str]:
    """The spelling by which each name is looked up best."""
    spelt = {word for words in asked.values() for readings in words for word in readings}
    count = select(CardWord.word, func.count()).where(CardWord.word.in_(spelt)).group_by(CardWord.word)
    cards = {row[0]: row[1] for row in session.execute(count)} if spelt else {}
    rarest = {}
    for n, words in asked.items():
        # Cards keep every reading of each word: a word without cards means that nobody bears the name.
        known = [min(readings) for readings in words]
        if all(word in cards for word in known):
            best = min(known, key=cards.__getitem__)
            if cards[best] <= _TOO_COMMON:
                rarest[n] = best
    return rarest
