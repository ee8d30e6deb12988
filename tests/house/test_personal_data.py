"""Nobody adds a column of words without saying whom it may be about, and erasure finds all that is about customers."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, Text

import callcenter.crm.models.tables  # noqa: F401 - the import puts every table into the metadata
from callcenter.crm.privacy.person import SPOTS
from callcenter.crm.privacy.registry import COLUMNS, About
from callcenter.tables import Base
from tests.house.source import assert_none

_BY_OTHER_MEANS: Final = {
    "erasures": "emptied when the files are gone",
    "recording_comments": "gone with the recording they are about",
    "utterances": "gone with the recording in which they were heard",
    "word_keys": "words that no card has any more are forgotten with the last one",
}


def _words() -> set[str]:
    return {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Text | JSON)
    }


def test_every_column_of_words_says_whom_it_may_be_about() -> None:
    """In callcenter/crm/privacy/registry.py. What nobody thought of is what an erasure forgets."""
    assert_none(f"{column}: not in the registry" for column in _words() - COLUMNS.keys())
    assert_none(f"{column}: in the registry, but there is no such column" for column in COLUMNS.keys() - _words())


def test_erasure_reaches_every_column_that_may_be_about_customers() -> None:
    """In callcenter/crm/privacy/person.py: the row goes, or the column is wiped."""
    gone = {spot.table for spot in SPOTS if spot.wipe is None}
    wiped = {f"{spot.table}.{column}" for spot in SPOTS for column in spot.wipe or ()}
    about = {column for column, whom in COLUMNS.items() if whom is About.CUSTOMER}
    assert_none(
        f"{column}: about customers, and erasure leaves it"
        for column in about - wiped
        if column.partition(".")[0] not in gone | _BY_OTHER_MEANS.keys()
    )
