"""Reports as sheets, in the reader's language: the same figures, times in whole seconds, rates in percent."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from callcenter.crm.exchange.export import in_language
from callcenter.crm.exchange.sheet import Sheet
from callcenter.reporting.answers import (
    AgentsAnswer,
    OutcomeReportLine,
    OutcomesAnswer,
    QueueFigures,
    QueuesAnswer,
    ScoresAnswer,
    TimeFigures,
    WorkFigures,
)

_QUEUE: Final = ("Queue", "Очередь", "Coda", "Növbə")
_PBX: Final = ("PBX", "АТС", "PBX", "ATS")
_FROM: Final = ("From", "С", "Dal", "Başlanğıc")
_TARGET: Final = ("Target, s", "Цель, с", "Obiettivo, s", "Hədəf, s")
AGENT: Final = ("Agent", "Оператор", "Operatore", "Operator")
OF_QUEUE: Final = (
    ("Came", "Пришли", "Arrivate", "Gələnlər"),
    ("Answered", "Отвечено", "Risposte", "Cavablandırılıb"),
    ("In time", "В срок", "In tempo", "Vaxtında"),
    ("Abandoned", "Не дождались", "Abbandonate", "Gözləmədən qoydu"),
    ("Short abandons", "Короткие отказы", "Abbandoni brevi", "Qısa imtinalar"),
    ("Lost", "Потеряно", "Perse", "İtirilib"),
    ("Left or sent on", "Ушли или переведены", "Uscite o trasferite", "Çıxan və ya yönləndirilən"),
    ("Service level, %", "Уровень сервиса, %", "Livello di servizio, %", "Xidmət səviyyəsi, %"),
    ("Abandoned, %", "Не дождались, %", "Abbandonate, %", "Gözləmədən qoydu, %"),
    ("ASA, s", "ASA, с", "ASA, s", "ASA, s"),
    ("Longest wait, s", "Макс. ожидание, с", "Attesa massima, s", "Ən uzun gözləmə, s"),
)
OF_AGENT: Final = (
    ("Handled", "Обработано", "Gestite", "İşlənib"),
    ("Incoming", "Входящие", "In entrata", "Gələn"),
    ("Outgoing", "Исходящие", "In uscita", "Gedən"),
    ("Passed on", "Переведено", "Trasferite", "Yönləndirilib"),
    ("Talk, s", "Разговор, с", "Conversazione, s", "Danışıq, s"),
    ("Hold, s", "Удержание, с", "Attesa in linea, s", "Saxlama, s"),
    ("Wrap-up, s", "Постобработка, с", "Post-chiamata, s", "Yekunlaşdırma, s"),
    ("AHT, s", "AHT, с", "AHT, s", "AHT, s"),
    ("Signed in, s", "На месте, с", "In postazione, s", "İş yerində, s"),
    ("Available, s", "Доступен, с", "Disponibile, s", "Əlçatan, s"),
    ("Occupancy, %", "Занятость, %", "Occupazione, %", "Məşğulluq, %"),
)
_OUTCOME: Final = (
    ("Outcome", "Итог", "Esito", "Yekun"),
    ("How", "Как", "Come", "Necə"),
    ("Count", "Количество", "Numero", "Say"),
    ("Beside another one", "Вместе с другим", "Insieme a un altro", "Başqası ilə birgə"),
    ("Share, %", "Доля, %", "Quota, %", "Pay, %"),
)

_OF_SCORES: Final = (
    ("Evaluations", "Оценок", "Valutazioni", "Qiymətləndirmələr"),
    ("Average, %", "Средний балл, %", "Media, %", "Orta bal, %"),
    ("Critical failed", "Критичные ошибки", "Critiche non rispettate", "Kritik səhvlər"),
    ("Disputed", "Оспорено", "Contestate", "Etiraz edilib"),
)
_OF_QUESTION: Final = (
    ("Scorecard", "Оценочный лист", "Scheda", "Qiymət vərəqi"),
    ("Question", "Вопрос", "Domanda", "Sual"),
    ("Answers", "Ответов", "Risposte", "Cavablar"),
    ("Average, %", "Средний балл, %", "Media, %", "Orta bal, %"),
)


def queues(answer: QueuesAnswer, language: str) -> Sheet:
    """A row a queue."""
    rows = [[q.label or q.queue, q.pbx, str(q.target_s), *of_queue(q.figures)] for q in answer.queues]
    return Sheet(headings=in_language(language, (_QUEUE, _PBX, _TARGET, *OF_QUEUE)), rows=rows)


def series(answer: QueuesAnswer, language: str, zone: tzinfo | None) -> Sheet:
    """A row an interval, which begins at the time of the call center."""
    rows = [[f"{one.from_.astimezone(zone):%Y-%m-%d %H:%M}", *of_queue(one.figures)] for one in answer.series]
    return Sheet(headings=in_language(language, (_FROM, *OF_QUEUE)), rows=rows)


def agents(answer: AgentsAnswer, language: str) -> Sheet:
    """A row an agent."""
    rows = [[one.name, *of_agent(one.figures), *_of_time(one.time)] for one in answer.agents]
    return Sheet(headings=in_language(language, (AGENT, *OF_AGENT)), rows=rows)


def outcomes(answer: OutcomesAnswer, language: str) -> Sheet:
    """A row an outcome."""
    rows = [
        [_label(one, language), one.state, str(one.count), str(one.also), percent(one.count / answer.total)]
        for one in answer.outcomes
    ]
    return Sheet(headings=in_language(language, _OUTCOME), rows=rows)


def scores(answer: ScoresAnswer, language: str) -> Sheet:
    """A row an agent."""
    rows = [
        [one.name, str(f.count), percent(f.average), str(f.failed), str(f.disputed)]
        for one, f in ((one, one.figures) for one in answer.agents)
    ]
    return Sheet(headings=in_language(language, (AGENT, *_OF_SCORES)), rows=rows)


def questions(answer: ScoresAnswer, language: str) -> Sheet:
    """A row a question."""
    rows = [[one.form, one.text, str(one.count), percent(one.average)] for one in answer.questions]
    return Sheet(headings=in_language(language, _OF_QUESTION), rows=rows)


def _label(one: OutcomeReportLine, language: str) -> str:
    named = [labels.get(language) or labels.get("en") or "" for labels in (*one.path, one.labels)]
    return " › ".join(name for name in named if name) or one.code


def of_queue(f: QueueFigures) -> list[str]:
    counted = [str(n) for n in (f.came, f.answered, f.in_time, f.abandoned, f.short, f.lost, f.left)]
    return [
        *counted,
        percent(f.service_level),
        percent(f.abandon_rate),
        _seconds(f.asa_s),
        _seconds(f.longest_wait_s),
    ]


def of_agent(f: WorkFigures) -> list[str]:
    counted = [str(n) for n in (f.handled, f.inbound, f.outbound, f.handed_over)]
    return [*counted, *(_seconds(s) for s in (f.talk_s, f.hold_s, f.wrap_s, f.aht_s))]


def _of_time(time: TimeFigures | None) -> list[str]:
    if time is None:
        return ["", "", ""]
    return [_seconds(time.signed_in_s), _seconds(time.available_s), percent(time.occupancy)]


def percent(rate: float | None) -> str:
    return "" if rate is None else f"{100 * rate:.1f}"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else str(round(seconds))
