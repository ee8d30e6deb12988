"""What is said of a row, in the reader's language: why, and what to do. For files and the command line; the web app
has its own."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("en", "ru", "it", "az")
_WORDS: Final[dict[str, tuple[str, str, str, str]]] = {
    "empty": (
        "the row is empty: nothing to do",
        "строка пустая: делать ничего не нужно",
        "la riga è vuota: niente da fare",
        "sətir boşdur: heç nə lazım deyil",
    ),
    "nobody": (
        "no name, number or e-mail: fill in one of them",
        "нет ни имени, ни номера, ни почты: заполните хотя бы одно",
        "né nome, né numero, né e-mail: compilarne almeno uno",
        "ad, nömrə və e-poçt yoxdur: birini doldurun",
    ),
    "too_many_cells": (
        "more cells than headings: put quotes around cells that contain the separator",
        "ячеек больше, чем заголовков: возьмите в кавычки ячейки с разделителем внутри",
        "più celle che intestazioni: mettere tra virgolette le celle che contengono il separatore",
        "xanalar başlıqlardan çoxdur: içində ayırıcı olan xanaları dırnağa alın",
    ),
    "spoiled_by_spreadsheet": (
        "a spreadsheet cut the number's digits (7.9E+10): format the column as text and export again",
        "таблица испортила номер (7,9E+10): задайте столбцу текстовый формат и выгрузите снова",
        "il foglio ha tagliato le cifre (7,9E+10): dare alla colonna il formato testo ed esportare di nuovo",
        "cədvəl nömrəni korlayıb (7,9E+10): sütunu mətn formatına keçirin və yenidən ixrac edin",
    ),
    "not_a_number": (
        "this is no telephone number: correct the cell",
        "это не телефонный номер: исправьте ячейку",
        "non è un numero di telefono: correggere la cella",
        "bu telefon nömrəsi deyil: xananı düzəldin",
    ),
    "withheld": (
        "the number is hidden: leave the cell empty",
        "номер скрыт: оставьте ячейку пустой",
        "il numero è nascosto: lasciare vuota la cella",
        "nömrə gizlidir: xananı boş saxlayın",
    ),
    "several_cards": (
        "several cards match: merge them, or import with the rule that makes new ones",
        "подходят несколько карточек: объедините их или импортируйте с созданием новых",
        "corrispondono più schede: unirle, o importare con la regola che ne crea di nuove",
        "bir neçə kart uyğundur: onları birləşdirin və ya yenilərini yaradan qayda ilə idxal edin",
    ),
    "not_yours": (
        "the card belongs to another team: ask that team or an administrator",
        "карточка другой группы: обратитесь к ней или к администратору",
        "la scheda è di un altro gruppo: chiedere a quel gruppo o a un amministratore",
        "kart başqa qrupundur: həmin qrupa və ya inzibatçıya müraciət edin",
    ),
    "short_number": (
        "a short or local number, kept as it stands: add the area code",
        "короткий или местный номер, сохранён как есть: добавьте код города",
        "numero breve o locale, tenuto così com'è: aggiungere il prefisso",
        "qısa və ya yerli nömrə, olduğu kimi saxlanılıb: şəhər kodunu əlavə edin",
    ),
    "not_valid": (
        "no valid number of its country, kept as it stands: check the digits",
        "такого номера в стране нет, сохранён как есть: проверьте цифры",
        "non è un numero valido del paese, tenuto così com'è: controllare le cifre",
        "ölkədə belə nömrə yoxdur, olduğu kimi saxlanılıb: rəqəmləri yoxlayın",
    ),
    "country_guessed": (
        "read as a number of another country: put + and the country code before it",
        "прочитан как номер другой страны: поставьте + и код страны",
        "letto come numero di un altro paese: scrivere + e il prefisso del paese",
        "başqa ölkənin nömrəsi kimi oxundu: + və ölkə kodunu yazın",
    ),
    "not_an_email": (
        "this is no e-mail address: correct the cell",
        "это не адрес почты: исправьте ячейку",
        "non è un indirizzo e-mail: correggere la cella",
        "bu e-poçt ünvanı deyil: xananı düzəldin",
    ),
    "first_email_taken": (
        "several e-mail addresses: the first one is taken",
        "несколько адресов: взят первый",
        "più indirizzi e-mail: preso il primo",
        "bir neçə e-poçt ünvanı: birincisi götürülüb",
    ),
    "cut": (
        "too long: the end is cut off",
        "слишком длинно: конец отрезан",
        "troppo lungo: la fine è tagliata",
        "çox uzundur: sonu kəsilib",
    ),
    "unknown_status": (
        "an unknown status: the card keeps the one it has",
        "неизвестный статус: у карточки останется прежний",
        "stato sconosciuto: la scheda mantiene il suo",
        "naməlum vəziyyət: kartda əvvəlki qalır",
    ),
    "unknown_kind": (
        "neither a person nor an organisation: taken as a person",
        "не человек и не организация: считается человеком",
        "né persona né organizzazione: preso come persona",
        "nə şəxs, nə təşkilat: şəxs sayılır",
    ),
    "not_yes_or_no": (
        "neither yes nor no: taken as no",
        "не «да» и не «нет»: считается «нет»",
        "né sì né no: preso come no",
        "nə «bəli», nə «xeyr»: «xeyr» sayılır",
    ),
}
HEADINGS: Final[dict[str, tuple[str, str, str, str]]] = {
    "row": ("Row", "Строка", "Riga", "Sətir"),
    "remedy": ("Why, and what to do", "Почему и что делать", "Perché e cosa fare", "Niyə və nə etməli"),
    "column": ("Column", "Столбец", "Colonna", "Sütun"),
    "cell": ("As it stands", "Как записано", "Com'è scritto", "Necə yazılıb"),
    "read": ("Read as", "Прочитано как", "Letto come", "Belə oxundu"),
}


def reason(code: str, language: str) -> str:
    """The sentence; the code itself where there is none."""
    return _WORDS[code][_place(language)] if code in _WORDS else code


def heading(code: str, language: str) -> str:
    return HEADINGS[code][_place(language)]


def _place(language: str) -> int:
    return LANGUAGES.index(language) if language in LANGUAGES else 0
