"""What was said of a talk whose words are known, and how much of it was heard wrong."""

from __future__ import annotations

from collections.abc import Sequence

from callcenter.crm.models.transcripts import Utterance
from callcenter.demo.spool import Dialogue


def words_of(said: Sequence[Utterance], speaker: str) -> list[str]:
    return " ".join(one.text for one in said if one.speaker == speaker).split()


def script(talk: Dialogue, *, caller: bool) -> list[str]:
    return " ".join(turn.words for turn in talk.turns if turn.caller is caller).split()


def wrong_words(true: list[str], heard: list[str]) -> int:
    """The least number of words to change, add or leave out (Levenshtein), as word error rates count them."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(true, start=1):
        above, row[0] = row[0], at
        for place, other in enumerate(heard, start=1):
            above, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, above + (word != other))
    return row[-1]
