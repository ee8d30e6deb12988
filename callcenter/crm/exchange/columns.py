"""What the columns of a sheet mean: proposed from their headings, in the languages people keep sheets in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from callcenter.crm.fold import fold

IGNORED: Final = ""
PHONE: Final = "phone"
TEXTS: Final = ("name", "first_name", "last_name", "organisation", "address", "note", "language")
FIELDS: Final = (*TEXTS, "kind", "status", "vip", "email", PHONE)
"""What a column may be. Several may be ``phone``; every other at most once, ``note`` as often as one likes."""
REPEATED: Final = frozenset({IGNORED, PHONE, "note"})

_HEADINGS: Final = {
    "last_name": "last name; surname; family name; lastname; фамилия; cognome; soyad; soyadı",
    "first_name": "first name; given name; firstname; имя; nome; ad; adı",
    "organisation": "organisation; organization; company; company name; account; employer; организация; компания; "
    "фирма; место работы; azienda; societa; ditta; ragione sociale; organizzazione; təşkilat; şirkət; firma",
    "name": "name; full name; contact; customer; client; contact name; customer name; фио; ф.и.о.; клиент; контакт; "
    "имя клиента; полное имя; наименование; nominativo; cliente; contatto; nome e cognome; nome completo; "
    "ad soyad; ad və soyad; müştəri; tam ad; s.a.a.; display name",
    "phone": "phone; phone number; telephone; tel; tel.; mobile; mobile phone; cell; cell phone; number; phone 1; "
    "phone 2; phone 3; work phone; home phone; business phone; телефон; тел; тел.; номер; номер телефона; мобильный; "
    "мобильный телефон; сотовый; моб.; телефон 1; телефон 2; раб. телефон; рабочий телефон; домашний телефон; "
    "telefono; cellulare; cell.; numero; numero di telefono; telefono 1; telefono 2; telefon; mobil; nömrə; "
    "telefon nömrəsi; mobil nömrə; əlaqə nömrəsi; whatsapp",
    "email": "email; e-mail; mail; e-mail address; email address; эл. почта; электронная почта; почта; имейл; "
    "posta elettronica; indirizzo e-mail; e-poçt; elektron poçt; epoçt",
    "address": "address; street; postal address; адрес; адрес доставки; indirizzo; via; ünvan",
    "note": "note; notes; comment; comments; remark; remarks; description; примечание; примечания; комментарий; "
    "комментарии; заметка; заметки; описание; nota; annotazioni; commento; osservazioni; qeyd; qeydlər; şərh",
    "status": "status; stage; lead status; статус; стадия; stato; vəziyyət",
    "vip": "vip; вип; важный; importante; vacib",
    "kind": "kind; type; customer type; тип; тип клиента; вид; tipo; növ; tip",
    "language": "language; язык; lingua; dil",
}
_KNOWN: Final = {
    fold(word): field for field, words in _HEADINGS.items() for word in (part.strip() for part in words.split(";"))
}
_INSIDE: Final = (
    ("e-mail", "email"),
    ("email", "email"),
    ("phone", PHONE),
    ("телефон", PHONE),
    ("telefon", PHONE),
    ("mobile", PHONE),
    ("моб", PHONE),
    ("cellulare", PHONE),
    ("nomr", PHONE),
)
"""Where the heading says more than one word: ``Phone (work)``, ``Телефон мобильный``."""


def propose(headings: Sequence[str], own: Mapping[str, str] | None = None) -> list[str]:
    """A field for each column, ``""`` for those that say nothing to us. ``own``: fields that the call center added, by
    what they are called, folded."""
    added = own or {}
    found = [added.get(fold(heading)) or _field(heading) for heading in headings]
    if "first_name" in found and "last_name" not in found and "name" not in found:
        found[found.index("first_name")] = "name"
    taken: set[str] = set()
    for place, field in enumerate(found):
        if field in taken and field not in REPEATED:
            found[place] = IGNORED
        taken.add(field)
    return found


def faults(mapping: Sequence[str], columns: int, own: Collection[str] = ()) -> dict[str, str]:
    """What is wrong with a mapping: a path and a reason code each. ``own``: fields that the call center added."""
    if len(mapping) != columns:
        return {"mapping": "wrong_length"}
    wrong = {f"mapping.{n}": "not_allowed" for n, field in enumerate(mapping) if field and field not in (*FIELDS, *own)}
    for n, field in enumerate(mapping):
        if field not in REPEATED and field in mapping[:n]:
            wrong[f"mapping.{n}"] = "twice"
    if not wrong and not set(mapping) & {PHONE, "email", "name", "first_name", "last_name", "organisation"}:
        wrong["mapping"] = "nothing_to_know_anybody_by"
    return wrong


def label(heading: str) -> str:
    """What a number is called on the card: the heading, where it tells more than that it is a number."""
    plain = fold(heading)
    bare = _KNOWN.get(plain) == PHONE and len(plain.split()) == 1
    return "" if not plain or bare else " ".join(heading.split())[:60]


def _field(heading: str) -> str:
    plain = fold(heading.replace("_", " ")).strip(" *:")
    if plain in _KNOWN:
        return _KNOWN[plain]
    return next((field for word, field in _INSIDE if word in plain), IGNORED)
