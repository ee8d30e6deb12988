"""Customers and calls as rows of a sheet, page after page, never more of them in memory than one page.

The headings are in the reader's language, and such that an import knows them again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import xlsxwriter
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from callcenter.api import cursor as cursor_of
from callcenter.api import read_cursor
from callcenter.crm import call_list, call_views, card_fields, customers, points, ways
from callcenter.crm.customers import Only
from callcenter.crm.exchange.cells import safe
from callcenter.crm.exchange.words import LANGUAGES
from callcenter.crm.handles import WayKind
from callcenter.crm.models.customers import ContactWay, Customer
from callcenter.crm.rights import Actor

PAGE: Final = 200
MOST: Final = 1_000_000
"""As many rows as a workbook can have."""
_PHONES: Final = 3
_CUSTOMERS: Final = (
    ("Name", "ФИО", "Nome completo", "Ad soyad"),
    ("Organisation", "Организация", "Azienda", "Təşkilat"),
    ("Kind", "Тип", "Tipo", "Növ"),
    ("Status", "Статус", "Stato", "Vəziyyət"),
    ("VIP", "VIP", "VIP", "VIP"),
    ("Phone", "Телефон", "Telefono", "Telefon"),
    ("Phone 2", "Телефон 2", "Telefono 2", "Telefon 2"),
    ("Phone 3", "Телефон 3", "Telefono 3", "Telefon 3"),
    ("E-mail", "Эл. почта", "E-mail", "E-poçt"),
    ("Address", "Адрес", "Indirizzo", "Ünvan"),
    ("Note", "Примечание", "Nota", "Qeyd"),
    ("Language", "Язык", "Lingua", "Dil"),
    ("Calls", "Звонков", "Chiamate", "Zənglər"),
    ("Last contact (UTC)", "Последний контакт (UTC)", "Ultimo contatto (UTC)", "Son əlaqə (UTC)"),
    ("Created (UTC)", "Создана (UTC)", "Creata (UTC)", "Yaradılıb (UTC)"),
)
_CALLS: Final = (
    ("Started (UTC)", "Начало (UTC)", "Inizio (UTC)", "Başlanğıc (UTC)"),
    ("Direction", "Направление", "Direzione", "İstiqamət"),
    ("Number", "Номер", "Numero", "Nömrə"),
    ("Customer", "Клиент", "Cliente", "Müştəri"),
    ("Result", "Результат", "Risultato", "Nəticə"),
    ("Queues", "Очереди", "Code", "Növbələr"),
    ("Agents", "Операторы", "Operatori", "Operatorlar"),
    ("Outcomes", "Итоги", "Esiti", "Yekunlar"),
    ("Answered (UTC)", "Ответ (UTC)", "Risposta (UTC)", "Cavab (UTC)"),
    ("Ended (UTC)", "Конец (UTC)", "Fine (UTC)", "Son (UTC)"),
    ("Talk, s", "Разговор, с", "Conversazione, s", "Danışıq, s"),
    ("Recordings", "Записи", "Registrazioni", "Yazılar"),
    ("PBX", "АТС", "PBX", "ATS"),
    ("Uniqueid", "Uniqueid", "Uniqueid", "Uniqueid"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``next`` is None behind the last one."""

    rows: list[list[str]]
    next: str | None


class Source(Protocol):
    """Something that can be exported: its headings, and its pages."""

    def headings(self, language: str) -> list[str]: ...

    def page(self, session: Session, cursor: str) -> Page: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSource:
    """The cards that the list shows under the same search."""

    actor: Actor
    text: str
    region: str
    only: Only = field(default_factory=Only)
    own: Sequence[tuple[str, Mapping[str, str]]] = ()
    """Fields that the call center added: their codes, and what they are called by language."""

    def headings(self, language: str) -> list[str]:
        return [*in_language(language, _CUSTOMERS), *(_called(labels, language) for _, labels in self.own)]

    def page(self, session: Session, cursor: str) -> Page:
        search = customers.Search(
            actor=self.actor,
            text=self.text,
            region=self.region,
            limit=PAGE + 1,
            after=read_cursor(cursor),
            only=self.only,
        )
        found = customers.find(session, search)
        shown = found[:PAGE]
        ids = [card.id for card in shown]
        numbers, reached = points.of(session, ids), ways.of(session, ids)
        rows = [
            _customer(card, [row.e164 or point.raw for point, row in numbers[card.id]], reached[card.id])
            + [card.extra.get(code, "") for code, _ in self.own]
            for card in shown
        ]
        more = len(found) > PAGE
        return Page(rows=rows, next=cursor_of(shown[-1].last_contact_at, shown[-1].id) if more else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSource:
    """The calls that the list shows under the same filters."""

    actor: Actor
    wanted: Sequence[ColumnElement[bool]]

    def headings(self, language: str) -> list[str]:
        return in_language(language, _CALLS)

    def page(self, session: Session, cursor: str) -> Page:
        rows, go_on = call_list.page(session, list(self.wanted), PAGE, read_cursor(cursor))
        return Page(rows=[_call(view) for view in call_views.views(session, rows, self.actor)], next=go_on)


def csv_lines(rows: Sequence[Sequence[str]]) -> bytes:
    """With semicolons: what a double click opens where a comma stands in numbers."""
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


class Workbook:
    """An XLSX file written row by row: cells are texts, never formulas or links."""

    def __init__(self, file: Path, headings: Sequence[str]) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(file), options)
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        bold = self._book.add_format({"bold": True})
        self._sheet.set_column(0, len(headings) - 1, 18)
        for column, heading in enumerate(headings):
            self._sheet.write_string(0, column, heading, bold)
        self._row = 0

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        for row in rows:
            self._row += 1
            for column, cell in enumerate(row):
                if cell:
                    self._sheet.write_string(self._row, column, cell[:32_767])

    def close(self) -> None:
        self._book.close()


def in_language(language: str, words: Sequence[tuple[str, ...]]) -> list[str]:
    """Headings as this reader reads them; in English for a language there is none for."""
    place = LANGUAGES.index(language) if language in LANGUAGES else 0
    return [word[place] for word in words]


def own_columns(session: Session) -> list[tuple[str, Mapping[str, str]]]:
    """The fields in use that the call center added."""
    return [(row.code, row.labels) for row in card_fields.every(session) if row.active]


def _called(labels: Mapping[str, str], language: str) -> str:
    return labels.get(language) or labels.get("en") or next(iter(labels.values()), "")


def _customer(card: Customer, numbers: list[str], reached: Sequence[ContactWay]) -> list[str]:
    """All e-mail addresses stand in one cell, the main one first, as an import reads them."""
    phones = [*numbers[: _PHONES - 1], "; ".join(numbers[_PHONES - 1 :])]
    return [
        card.name,
        card.organisation,
        card.kind,
        card.status,
        "1" if card.vip else "",
        *(phones + [""] * _PHONES)[:_PHONES],
        "; ".join(way.value for way in reached if way.kind == WayKind.EMAIL),
        card.address,
        card.note,
        card.language,
        str(card.calls),
        _moment(card.last_contact_at),
        _moment(card.created_at),
    ]


def _call(call: Any) -> list[str]:
    parts = call.segments
    return [
        _moment(call.started_at),
        call.direction,
        "" if call.withheld else call.number or call.number_raw,
        call.customer.name if call.customer else "",
        call.result or "",
        ", ".join(_once(visit.queue for visit in call.queues)),
        ", ".join(_once(part.agent.display_name for part in parts if part.agent and part.answered_at)),
        ", ".join(_once(code for part in parts for code in (part.outcome, *part.outcome_extras) if code)),
        _moment(call.answered_at),
        _moment(call.ended_at),
        str(round(sum(part.talk_s for part in parts))),
        str(len(call.recordings)),
        call.pbx,
        call.uniqueid,
    ]


def _once(names: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _moment(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S") if at else ""
