"""What is for review as a sheet, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from callcenter.crm.exchange.export import in_language
from callcenter.crm.exchange.sheet import Sheet
from callcenter.reviewing.suspicion import SuspicionKind
from callcenter.reviewing.views import SuspicionLine

_HEADINGS: Final = (
    ("Last", "Последний", "Ultima", "Sonuncu"),
    ("Agent", "Оператор", "Operatore", "Operator"),
    ("Rule", "Правило", "Regola", "Qayda"),
    ("Queue", "Очередь", "Coda", "Növbə"),
    ("Outcome", "Итог", "Esito", "Yekun"),
    ("Calls", "Звонков", "Chiamate", "Zənglər"),
    ("Of", "Из", "Su", "Cəmi"),
    ("Limit, s", "Порог, с", "Soglia, s", "Hədd, s"),
    ("Share, %", "Доля, %", "Quota, %", "Pay, %"),
    ("State", "Состояние", "Stato", "Vəziyyət"),
    ("Comment", "Комментарий", "Commento", "Şərh"),
    ("By", "Кем", "Da", "Kim"),
)
_KINDS: Final = {
    SuspicionKind.HUNG_UP: ("Hung up early", "Рано повесил трубку", "Riagganci precoci", "Dəstəyi tez asıb"),
    SuspicionKind.SHORT_CALLS: (
        "Many short calls",
        "Много коротких звонков",
        "Molte chiamate brevi",
        "Çoxlu qısa zənglər",
    ),
    SuspicionKind.LONG_WRAPUP: ("Long wrap-ups", "Долгая постобработка", "Post-chiamata lunghi", "Uzun yekunlaşdırma"),
    SuspicionKind.SHORT_FOR_CODE: (
        "Talk shorter than its outcome takes",
        "Разговор короче, чем нужно для итога",
        "Conversazione più breve di quanto l'esito richieda",
        "Danışıq yekunun tələb etdiyindən qısadır",
    ),
    SuspicionKind.ONE_CODE: (
        "One outcome for nearly everything",
        "Один итог почти на всё",
        "Un solo esito per quasi tutto",
        "Demək olar hamısı üçün bir yekun",
    ),
}
_STATES: Final = {
    "new": ("For review", "На проверку", "Da esaminare", "Baxılmalı"),
    "reviewed": ("Reviewed", "Проверено", "Esaminato", "Baxılıb"),
    "justified": ("Justified", "Оправдано", "Giustificato", "Əsaslıdır"),
}


def of_lines(lines: Sequence[SuspicionLine], language: str) -> Sheet:
    """A row each."""
    return Sheet(headings=in_language(language, _HEADINGS), rows=[_row(line, language) for line in lines])


def _row(line: SuspicionLine, language: str) -> list[str]:
    figures = line.figures
    return [
        f"{line.last_at:%Y-%m-%d %H:%M}",
        line.agent.display_name,
        in_language(language, (_KINDS[line.kind],))[0],
        line.queue_label or line.queue,
        line.code_labels.get(language) or line.code_labels.get("en") or line.code,
        str(figures.count),
        str(figures.of),
        "" if figures.limit_s is None else f"{figures.limit_s:.0f}",
        "" if figures.share is None else f"{100 * figures.share:.0f}",
        in_language(language, (_STATES[line.state],))[0],
        line.comment,
        line.by.display_name if line.by else "",
    ]
