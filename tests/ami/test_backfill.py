"""`callcenter backfill`: a PBX's years before us become cards and timelines, once, whatever breaks off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from callcenter import backfilling
from callcenter.__main__ import main
from callcenter.backfilling import Wish
from callcenter.config import Settings, load
from callcenter.crm import call_reading, maps
from callcenter.crm.models.calls import CallRow, GapRow, RecordingRow, SegmentRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.desks import MapRule
from callcenter.crm.models.tasks import Task
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.events import CallKey
from tests.ami.tale import CAPTURES, MAP

HERE = CAPTURES / "history"
NAMES = ("queue_rrmemory_answered", "queue_abandoned_waiting", "direct_did_answered", "outgoing_answered")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Four calls, one after the other, in one file."""
    rows = [line for name in NAMES for line in (HERE / f"{name}.cel").read_text().splitlines(keepends=True)]
    file = tmp_path / "callcenter.csv"
    file.write_text("".join(sorted(rows, key=lambda line: line.split(",")[1])))
    return file


@pytest.fixture
async def settings(db: Database, db_url: str, tmp_path: Path, history: Path) -> Settings:
    def confirm(session: object) -> None:
        for position, rule in enumerate(MAP.rules):
            session.add(  # type: ignore[attr-defined]
                MapRule(pbx="main", position=position, pattern=rule.pattern, kind=rule.kind, region=rule.region)
            )

    await db.write(confirm)
    return load(
        {
            "CALLCENTER_STATE": str(tmp_path),
            "CALLCENTER_DATABASE_URL": db_url,
            "CALLCENTER_REGION": "RU",
            "CALLCENTER_PBX__MAIN__HOST": "127.0.0.1",
            "CALLCENTER_PBX__MAIN__USERNAME": "crm",
            "CALLCENTER_PBX__MAIN__SECRET": "s3cret",
            "CALLCENTER_PBX__MAIN__HISTORY": str(history),
        }
    )


def wish(**more: object) -> Wish:
    began = datetime.fromtimestamp(1795761500, UTC)
    return Wish(**{"since": began - timedelta(days=20), "until": began + timedelta(days=1), **more})  # type: ignore[arg-type]


async def fill(settings: Settings, **more: object) -> dict[str, int]:
    return (await backfilling.backfill(settings, wish(**more), lambda _: None))["main"]


async def counted(db: Database, kind: type) -> int:
    return await db.read(lambda s: s.execute(select(func.count()).select_from(kind)).scalar_one())


async def test_each_call_is_there_with_its_card_and_asks_nobody_for_anything(db: Database, settings: Settings) -> None:
    assert await fill(settings) == {"added": 4}
    assert (await counted(db, CallRow), await counted(db, Customer)) == (4, 2)
    states = await db.read(lambda s: set(s.scalars(select(SegmentRow.outcome_state))))
    assert (states, await counted(db, Task)) == ({"none"}, 0)
    results = await db.read(lambda s: sorted(map(str, s.scalars(select(CallRow.result)))))
    assert results == ["abandoned", "answered", "answered", "answered"]
    causes = await db.read(lambda s: {tuple(row) for row in s.execute(select(GapRow.cause, GapRow.filled_from))})
    assert causes == {("history", "cel")}
    assert await counted(db, RecordingRow) >= 3


async def test_doing_it_again_changes_nothing(db: Database, settings: Settings) -> None:
    await fill(settings)
    before = await everything(db)
    assert await fill(settings) == {"known": 4}
    assert await everything(db) == before


async def test_equal_uniqueids_in_the_histories_of_two_pbxs_are_two_calls(db: Database, settings: Settings) -> None:
    twins = settings.model_copy(update={"pbx": {**settings.pbx, "branch": settings.pbx["main"]}})
    await db.write(lambda s: maps.write_rules(s, "branch", MAP.rules))
    told = await backfilling.backfill(twins, wish(), lambda _: None)
    assert told == {"main": {"added": 4}, "branch": {"added": 4}}
    assert (await counted(db, CallRow), await counted(db, Customer)) == (8, 2)
    assert await backfilling.backfill(twins, wish(pbx="branch"), lambda _: None) == {"branch": {"known": 4}}


async def test_a_dry_run_counts_and_writes_nothing(db: Database, settings: Settings) -> None:
    assert await fill(settings, dry_run=True) == {"added": 4}
    assert await counted(db, CallRow) == 0


async def test_broken_off_it_goes_on_and_loses_nothing(db: Database, settings: Settings, history: Path) -> None:
    away = history.with_suffix(".away")

    def break_off(_line: str) -> None:
        history.rename(away)

    with pytest.raises(Unavailable):
        await backfilling.backfill(settings, wish(), break_off)
    away.rename(history)
    again: list[str] = []
    await backfilling.backfill(settings, wish(), again.append)
    assert "going on from" in again[0]
    assert await counted(db, CallRow) == 4


async def test_no_password_is_left_behind_or_taken_where_everybody_sees_it(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "sqlite://reader:pa55word@/" + str(tmp_path / "cdr.sqlite3")
    assert main(["backfill", "--since", "2019-01-01", "--source", url]) == 2
    told = capsys.readouterr().err
    assert "--source @FILE" in told
    named = tmp_path / "queue_rrmemory_answered.cdr?pa55word"
    named.write_bytes((HERE / "queue_rrmemory_answered.cdr").read_bytes())

    def look(_line: str) -> None:
        marks.append((tmp_path / "backfill-main.json").read_text())

    marks: list[str] = []
    await backfilling.backfill(settings, wish(source=str(named)), look)
    assert [mark for mark in (told, *marks) if "pa55word" in mark] == []
    assert len(marks) == 3


async def test_records_do_where_nothing_else_was_kept(db: Database, settings: Settings) -> None:
    source = str(HERE / "queue_rrmemory_answered.cdr")
    assert await fill(settings, source=source) == {"added": 1}
    (key,) = await db.read(lambda s: list(s.scalars(select(CallRow.uniqueid))))
    call = await db.read(lambda s: call_reading.load(s, CallKey(pbx="main", uniqueid=key)))
    assert call is not None
    assert (call.result, [gap.filled_from for gap in call.gaps]) == ("answered", ["cdr"])


@pytest.mark.parametrize("kinds", [("cel", "cdr"), ("cdr", "cel")])
async def test_an_outgoing_call_is_one_whatever_it_is_read_from(
    db: Database, settings: Settings, kinds: tuple[str, str]
) -> None:
    first, second = (str(HERE / f"outgoing_answered.{kind}") for kind in kinds)
    assert await fill(settings, source=first) == {"added": 1}
    assert await fill(settings, source=second) == {"known": 1}
    assert (await counted(db, CallRow), await counted(db, SegmentRow)) == (1, 1)


async def test_the_last_contact_of_a_card_stays_the_last(db: Database, settings: Settings) -> None:
    await fill(settings)
    latest = await db.read(lambda s: s.scalar(select(func.max(CallRow.started_at))))
    contacts = await db.read(lambda s: list(s.scalars(select(Customer.last_contact_at))))
    assert max(at for at in contacts if at) == latest


async def everything(db: Database) -> list[tuple[object, ...]]:
    kinds = (CallRow, SegmentRow, GapRow, RecordingRow, Customer)
    return await db.read(lambda s: [tuple(row) for kind in kinds for row in s.execute(select(kind.__table__)).all()])
