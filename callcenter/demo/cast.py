"""Made-up people and companies. Any likeness to somebody's real number is chance: nothing here ever dials out."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

import phonenumbers

PASSWORD: Final = "demo-welcome"  # noqa: S105 - the demo's, printed at its start; it listens on the loopback only
AGENTS: Final = (("anna", "Anna", "101", "en"), ("boris", "Boris", "102", "ru"), ("chiara", "Chiara", "103", "it"))
OFFICE_PHONE: Final = "104"
"""Of whoever supervises: in no queue, and free."""
OFFICE: Final = (("sofia", "Sofia", "supervisor"), ("admin", "Administrator", "admin"))

_RU_MEN: Final = (
    ("Иван", "Алексей", "Дмитрий", "Сергей", "Михаил", "Олег"),
    ("Смирнов", "Кузнецов", "Попов", "Волков", "Соколов", "Лебедев", "Морозов"),
)
_RU_WOMEN: Final = (
    ("Ольга", "Елена", "Наталья", "Мария", "Светлана", "Ирина"),
    ("Смирнова", "Кузнецова", "Новикова", "Волкова", "Соколова", "Орлова", "Фёдорова"),
)
_AZ: Final = (
    ("Elvin", "Rəşad", "Tural", "Nigar", "Aygün", "Günel", "Leyla", "Kamran"),
    ("Məmmədli", "Quliyeva", "Həsənli", "Rzazadə", "Əlizadə", "İsmayıllı", "Şükürlü"),
)
_IT: Final = (
    ("Marco", "Giulia", "Luca", "Francesca", "Alessandro", "Chiara", "Paolo", "Elena"),
    ("Rossi", "Bianchi", "Ferrari", "Esposito", "De Luca", "D'Angelo", "Conti", "Moretti"),
)
_EN: Final = (
    ("Emma", "James", "Olivia", "Harry", "Grace", "Thomas", "Amelia", "Daniel"),
    ("Smith", "O'Brien", "Taylor", "Johnson", "Clarke", "Walker", "Hughes", "Bennett"),
)
_PEOPLE: Final = {"ru": (_RU_MEN, _RU_WOMEN), "az": (_AZ,), "it": (_IT,), "en": (_EN,)}
_COMPANIES: Final = {
    "ru": ("ООО «Северный ветер»", "Пекарня «Колос»", "АО «Меридиан»", "Студия «Контур»"),
    "az": ("Xəzər Logistika MMC", "Günəş Tekstil", "Bakı Dəftərxana"),
    "it": ("Officine Bellini S.r.l.", "Caffè Lanterna", "Studio Ferro & Figli"),
    "en": ("Harbour Lane Books Ltd", "Northgate Dental", "Blue Kettle Catering"),
}
_MOBILE: Final = {
    "ru": ("+7916###4###", "+7926###7###", "+7903###2###"),
    "az": ("+99450###4###", "+99455###7###", "+99470###2###"),
    "it": ("+39333###4###", "+39347###7###", "+39320###2###"),
    "en": ("+120255501##", "+442079460###", "+121255501##"),
}
_OFFICE_NUMBERS: Final = {
    "ru": "+7495###4###",
    "az": "+99412###4###",
    "it": "+3902####4###",
    "en": "+442079460###",
}
_CITIES: Final = {
    "ru": "Москва, ул. Садовая, {n}",
    "az": "Bakı, Nizami küçəsi {n}",
    "it": "Milano, Via Garibaldi {n}",
    "en": "London, {n} Mill Lane",
}
_NOTES: Final = (
    "",
    "",
    "",
    "Prefers to be called in the morning.",
    "Asks for an invoice with every delivery.",
    "Large orders in December.",
    "Delivery only at the side entrance.",
    "Waiting for a refund; apologise first.",
    "Speaks English too.",
)
_STATUSES: Final = ("cold", "warm", "warm", "hot", "regular", "regular", "regular", "vip")
_LANGUAGES: Final = ("ru",) * 4 + ("az",) * 2 + ("it",) * 2 + ("en",) * 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A customer to be: the values of a card, and its numbers in E.164."""

    card: dict[str, object]
    numbers: tuple[str, ...]


def customers(count: int, rng: random.Random) -> list[Person]:
    """So many cards. One in eight is a company; a few people answer at its switchboard, and one pair shares a phone."""
    taken: set[str] = set()
    found: list[Person] = []
    switchboards: dict[str, tuple[str, str]] = {}
    for _ in range(count):
        language = rng.choice(_LANGUAGES)
        unused = [name for name in _COMPANIES[language] if name not in {n for n, _ in switchboards.values()}]
        if unused and rng.random() < 0.2:
            made = _company(unused[0], language, rng, taken)
            switchboards[language] = (unused[0], made.numbers[0])
        else:
            made = _person(language, rng, taken, switchboards.get(language))
        found.append(made)
    return _with_a_family(found)


def stranger(rng: random.Random) -> str:
    """A number that is on no card, most likely."""
    return _number(rng.choice(_MOBILE[rng.choice(_LANGUAGES)]), rng, set())


def _company(name: str, language: str, rng: random.Random, taken: set[str]) -> Person:
    number = _number(_OFFICE_NUMBERS[language], rng, taken)
    card = _card(name, language, rng) | {"kind": "organisation", "organisation": name}
    return Person(card=card, numbers=(number,))


def _person(language: str, rng: random.Random, taken: set[str], company: tuple[str, str] | None) -> Person:
    first, last = (rng.choice(names) for names in rng.choice(_PEOPLE[language]))
    numbers = [_number(rng.choice(_MOBILE[language]), rng, taken)]
    card = _card(f"{first} {last}", language, rng)
    if company and rng.random() < 0.3:
        card["organisation"] = company[0]
        numbers += [company[1]] if rng.random() < 0.5 else []
    return Person(card=card, numbers=tuple(numbers))


def _card(name: str, language: str, rng: random.Random) -> dict[str, object]:
    status = rng.choice(_STATUSES)
    return {
        "kind": "person",
        "name": name,
        "organisation": "",
        "status": status,
        "vip": status == "vip" or rng.random() < 0.05,
        "email": f"customer{rng.randrange(1000, 9999)}@example.com",
        "address": _CITIES[language].format(n=rng.randrange(1, 90)),
        "note": rng.choice(_NOTES),
        "language": language,
    }


def _with_a_family(people: list[Person]) -> list[Person]:
    """The last two share one telephone: whose call it is, the agent must choose."""
    *rest, one, other = people
    shared = Person(card=other.card, numbers=(one.numbers[0], *other.numbers[1:]))
    return [*rest, one, shared]


def _number(pattern: str, rng: random.Random, taken: set[str]) -> str:
    """A number of the pattern that its country's numbering plan knows, and nobody has yet."""
    for _ in range(1000):
        number = "".join(str(rng.randrange(10)) if c == "#" else c for c in pattern)
        if number not in taken and phonenumbers.is_valid_number(phonenumbers.parse(number)):
            taken.add(number)
            return number
    raise AssertionError(f"no valid number fits {pattern}")
