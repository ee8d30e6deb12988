"""Cards found: by number in any spelling or its last digits, by e-mail address or name in a messenger, by names as they
sound, ranked; where no name fits, by streets and web sites.

Every way begins at an index; names that many cards share cost more than rare ones (``bench search_customers``). A
search tells at most ``RANKED`` cards, the best first; what is more common than that is narrowed by another word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias, cast
from uuid import UUID

from sqlalchemy import Row, Select, Table, delete, exists, func, insert, null, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from callcenter import phone
from callcenter.crm import matching, own_fields, ways
from callcenter.crm.fold import words
from callcenter.crm.models.cards import CardWord, WordKey
from callcenter.crm.models.customers import ContactPoint, Customer, PhoneNumber
from callcenter.crm.rights import Actor
from callcenter.crm.visible import narrow

RANKED: Final = 200
_FEWEST_DIGITS: Final = 4
_DIALLED: Final = frozenset("+-()/. \u00a0")
_MOST_WORDS: Final = 6
_SPELLINGS: Final = 60
"""How many words of the vocabulary one typed word may stand for."""
_CANDIDATES: Final = 400
_WALKED: Final = 8
"""How many common spellings one typed word may be looked for under; the rarest are."""
_SHORTEST_PREFIX: Final = 2
_CARD_WORDS: Final = cast(Table, CardWord.__table__)
_WORD_KEYS: Final = cast(Table, WordKey.__table__)
_Found: TypeAlias = "Row[UUID, datetime | None, str]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A typed word and the words of the vocabulary it may stand for."""

    readings: frozenset[str]
    exact: frozenset[str]
    begun: frozenset[str]
    mistyped: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.exact | self.begun | self.mistyped


def index(session: Session, customer: Customer) -> None:
    """Keeps the words by which the card is found; words that no card has any more are forgotten."""
    whole, places = ways.spoken((row.kind, row.key) for row in ways.of(session, [customer.id])[customer.id])
    beside = f"{customer.organisation} {own_fields.words(customer.extra)}"
    wanted = matching.words_of(customer.name, beside, *whole, places=places)
    there = set(session.scalars(select(CardWord.word).where(CardWord.customer_id == customer.id)))
    if gone := there - wanted:
        session.execute(delete(CardWord).where(CardWord.customer_id == customer.id, CardWord.word.in_(gone)))
        forget(session, gone)
    fresh = sorted(wanted - there)
    if not fresh:
        return
    session.execute(insert(CardWord), [{"word": word, "customer_id": customer.id} for word in fresh])
    known = set(session.scalars(select(WordKey.key).where(WordKey.word.in_(fresh), WordKey.key == WordKey.word)))
    for word in [word for word in fresh if word not in known]:
        _learn(session, word)


def index_new(session: Session, words: Mapping[UUID, Collection[str]]) -> None:
    """The same for many cards that are new, by the words of each, in few statements."""
    wanted = {word for found in words.values() for word in found}
    if not wanted:
        return
    rows = [{"word": word, "customer_id": card} for card, found in words.items() for word in sorted(found)]
    session.execute(insert(_CARD_WORDS), rows)
    known = set(session.scalars(select(WordKey.word).where(WordKey.word.in_(wanted), WordKey.key == WordKey.word)))
    fresh = [{"key": key, "word": word} for word in sorted(wanted - known) for key in sorted(matching.keys_of(word))]
    if fresh:
        build = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        session.execute(build(_WORD_KEYS).on_conflict_do_nothing(), fresh)


def forget(session: Session, gone: Iterable[str]) -> None:
    """Takes out of the vocabulary those of the words that no card has."""
    unused = ~exists().where(CardWord.word == WordKey.word)
    session.execute(delete(WordKey).where(WordKey.word.in_(list(gone)), unused))


def _learn(session: Session, word: str) -> None:
    """Two who write the same new word at once both learn it."""
    build = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    for key in sorted(matching.keys_of(word)):
        session.execute(build(WordKey).values(key=key, word=word).on_conflict_do_nothing())


def ranked(session: Session, text: str, region: str, actor: Actor) -> list[UUID]:
    """The cards that ``text`` means and the actor may see, the best first."""
    text = text.strip()
    digits = "".join(c for c in text if c.isdigit())
    if len(digits) >= _FEWEST_DIGITS and all(c.isdigit() or c in _DIALLED for c in text):
        called = _first(session, narrow(_with_number(text, digits, region), actor, Customer))
        written = select(Customer.id).where(Customer.id.in_(ways.with_key(phone.parse(text, region).key)))
        return list(dict.fromkeys([*called, *_first(session, narrow(written, actor, Customer))]))[:RANKED]
    if "@" in text and len(text) > _SHORTEST_PREFIX:
        return _first(session, narrow(_with_email(text.lower()), actor, Customer))
    return _named(session, text, actor) or _named(session, text, actor, at_place=True)


def _first(session: Session, found: Select[UUID]) -> list[UUID]:
    living = found.where(Customer.merged_into.is_(None))
    newest = living.order_by(Customer.last_contact_at.desc().nulls_last(), Customer.id.desc())
    return list(dict.fromkeys(session.scalars(newest.limit(RANKED))))


def _with_number(text: str, digits: str, region: str) -> Select[UUID]:
    """By the whole number and by how it ends alike; else by the last digits as an agent types them."""
    number = phone.parse(text, region)
    found = (
        select(Customer.id)
        .join(ContactPoint, ContactPoint.customer_id == Customer.id)
        .join(PhoneNumber, PhoneNumber.id == ContactPoint.number_id)
    )
    if number.tail:
        return found.where(or_(PhoneNumber.key == number.key, PhoneNumber.tail == number.tail))
    ends = (PhoneNumber.last4 == digits[-4:]) & PhoneNumber.key.endswith(digits[-phone.TAIL :], autoescape=True)
    return found.where(or_(PhoneNumber.key == number.key, ends))


def _with_email(text: str) -> Select[UUID]:
    low = f"@{text.lstrip('@')}"
    begun = (CardWord.word >= low) & (CardWord.word < _after(low)) & CardWord.word.startswith(low, autoescape=True)
    return select(Customer.id).join(CardWord, CardWord.customer_id == Customer.id).where(begun)


def _named(session: Session, text: str, actor: Actor, *, at_place: bool = False) -> list[UUID]:
    """By names; ``at_place``: by streets and sites, among which names must not drown."""
    said = matching.sounds(text)
    if at_place:
        said = [kept for kept in map(matching.at_place, said) if kept]
    typed = [_typed(session, readings) for readings in said[:_MOST_WORDS]]
    if not typed or not all(word.all for word in typed):
        return []
    common = _cards_with(session, {spelling for word in typed for spelling in word.all})
    exactly = _having(session, [word.exact for word in typed], common, actor)
    rows = exactly
    if len(exactly) < RANKED:
        rows = _having(session, [word.all for word in typed], common, actor) | exactly
    has = _words_on(session, rows.keys() - exactly.keys())
    as_typed = {spelling for word in typed for spelling in word.exact}
    asked = words(text)

    def place(customer: UUID) -> tuple[float, float, int]:
        _, contacted, search_text = rows[customer]
        heard = sum(_worth(word, has.get(customer, as_typed)) for word in typed)
        written = sum(word in search_text for word in asked)
        return (-(heard + written / 2), -(contacted.timestamp() if contacted else 0.0), -customer.int)

    return sorted(rows, key=place)[:RANKED]


def _cards_with(session: Session, spellings: Set[str]) -> Mapping[str, int]:
    """How many cards have each of the words."""
    count = select(CardWord.word, func.count()).where(CardWord.word.in_(sorted(spellings))).group_by(CardWord.word)
    return {row[0]: row[1] for row in session.execute(count)}


def _having(
    session: Session, meant: Sequence[frozenset[str]], common: Mapping[str, int], actor: Actor
) -> dict[UUID, _Found]:
    """The newest cards that have one spelling of each word: driven from the rarest word, the others looked up card by
    card. What many cards have is walked from its newest card on and no further than needed, so one by one."""
    if not all(meant):
        return {}
    lead, *others = sorted(meant, key=lambda spellings: sum(common.get(word, 0) for word in spellings))
    many = sorted((word for word in lead if common.get(word, 0) > _CANDIDATES), key=common.__getitem__)
    found: dict[UUID, _Found] = {}
    for some in filter(None, (lead.difference(many), *({word} for word in many[:_WALKED]))):
        found |= {row[0]: row for row in session.execute(narrow(_newest(session, some, others), actor, Customer))}
    return {customer: found[customer] for customer in sorted(found, reverse=True)[:_CANDIDATES]}


def _newest(session: Session, lead: Set[str], others: Sequence[frozenset[str]]) -> Select[UUID, datetime | None, str]:
    """SQLite has no statistics, and would rather walk all cards in the order asked for and look for the words on each:
    it must not see that the card of a word is a card's id. PostgreSQL counts, and must see it."""
    first = aliased(CardWord)
    blind = session.get_bind().dialect.name == "sqlite"
    card = func.coalesce(first.customer_id, null()) if blind else first.customer_id
    found = (
        select(Customer.id, Customer.last_contact_at, Customer.search_text)
        .join(first, Customer.id == card)
        .where(first.word.in_(sorted(lead)), Customer.merged_into.is_(None))
    )
    for spellings in others:
        other = aliased(CardWord)
        found = found.where(exists().where(other.customer_id == first.customer_id, other.word.in_(sorted(spellings))))
    return found.order_by(first.customer_id.desc()).limit(_CANDIDATES)


def _words_on(session: Session, cards: Set[UUID]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = {customer: set() for customer in cards}
    on_cards = select(CardWord.customer_id, CardWord.word).where(CardWord.customer_id.in_(cards))
    for customer, word in session.execute(on_cards) if cards else ():
        found[customer].add(word)
    return found


def _typed(session: Session, readings: frozenset[str]) -> Typed:
    keys = {key for word in readings for key in matching.keys_of(word)}
    near = set(session.scalars(select(WordKey.word).where(WordKey.key.in_(sorted(keys))).limit(_SPELLINGS)))
    begun: set[str] = set()
    for word in readings:
        if len(word) >= _SHORTEST_PREFIX:
            longer = (WordKey.key >= word) & (WordKey.key < _after(word)) & (WordKey.key == WordKey.word)
            longer &= WordKey.key.startswith(word, autoescape=True)
            begun |= set(session.scalars(select(WordKey.word).where(longer).order_by(WordKey.key).limit(_SPELLINGS)))
    exact = frozenset(readings & (near | begun))
    slips = {word for word in near if any(matching.one_slip(word, reading) for reading in readings)}
    return Typed(
        readings=readings, exact=exact, begun=frozenset(begun) - exact, mistyped=frozenset(slips - begun) - exact
    )


def _worth(typed: Typed, has: set[str]) -> float:
    if typed.exact & has:
        return 3.0
    return 2.0 if typed.begun & has else 1.0 if typed.mistyped & has else 0.0


def _after(word: str) -> str:
    """What sorts behind every word that begins so, in the byte order and in that of any language."""
    return word + ("zzzzzzzz" if word.isascii() else "\U0010fffd")
