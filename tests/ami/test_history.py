"""Records and queue log, where there is nothing better; rotated files; tables however laid out."""

from __future__ import annotations

import csv
import gzip
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from callcenter.ami.backfill import sources as histories
from callcenter.ami.backfill.columns import OUR_CEL, SAMPLE_CEL
from callcenter.ami.backfill.queue_log import verdicts
from callcenter.ami.backfill.rows import QueueRow
from callcenter.ami.cel import Translation, Verdicts
from callcenter.ami.cel_rows import CelRow
from callcenter.ami.past import Times
from callcenter.ami.tracker import Tracker
from callcenter.call import Call
from callcenter.errors import Unavailable
from callcenter.events import CallKey, Filled, Gap, GapCause, PastEvent
from callcenter.lifecycle import apply
from tests.ami.tale import CAPTURES, MAP, ROSTER, answered, offers, talkers, visits

HERE = CAPTURES / "history"
BOTH = sorted(path.stem for path in HERE.glob("*.cdr"))
SPOOL = "/var/spool/asterisk/monitor"
EVER = Gap(
    from_at=datetime(2000, 1, 1, tzinfo=UTC),
    to_at=datetime(2100, 1, 1, tzinfo=UTC),
    cause=GapCause.SERVICE_DOWN,
    filled_from="",
)


def told(*sources: Path | str, only: str = "") -> list[Filled]:
    best = histories.find(" ".join(map(str, sources)), only)[0]
    gap = replace(EVER, filled_from=best.kind)
    rows = best.rows(EVER.from_at, EVER.to_at)
    return list(histories.records(best.kind, rows, MAP, SPOOL, (gap, Times(since=EVER.from_at))))


def events_of(*sources: Path | str) -> list[CelRow]:
    best = histories.find(" ".join(map(str, sources)), "cel")[0]
    return list(histories.events(best, EVER.from_at, EVER.to_at))


def folded(rows: list[CelRow], why: Verdicts | None = None) -> list[Call]:
    """What the tracker concludes of channel events."""
    tracker, translation, found = Tracker(MAP), Translation(SPOOL, why), dict[CallKey, Call]()
    for row in rows:
        for message in translation.told(row):
            for event in tracker.feed(message):
                if isinstance(event, PastEvent) and (after := apply(found.get(event.call), event, ROSTER)):
                    found[event.call] = after
    return sorted(found.values(), key=lambda call: call.started_at)


def calls(*sources: Path | str) -> list[Call]:
    found = (apply(None, event, ROSTER) for event in told(*sources))
    return sorted((call for call in found if call), key=lambda call: call.started_at)


def heard(name: str) -> list[Call]:
    return folded(events_of(kept(name, "cel")))


def kept(name: str, kind: str) -> Path:
    return HERE / f"{name}.{kind}"


def only(*sources: Path | str) -> Call:
    (call,) = calls(*sources)
    return call


@pytest.mark.parametrize("name", [name for name in BOTH if name != "outgoing_answered"])
def test_records_alone_tell_the_same_calls_talks_and_queues(name: str) -> None:
    records, events = calls(kept(name, "cdr")), heard(name)
    assert [(c.key, c.number, talkers(c)) for c in records] == [(c.key, c.number, talkers(c)) for c in events]
    for record, event in zip(records, events, strict=True):
        assert {queue for queue, _ in visits(record)} == {queue for queue, _ in visits(event)}
        assert record.started_at == pytest.approx(event.started_at, abs=timedelta(seconds=1))


def test_records_tell_which_phones_were_rung_and_which_one_was_quickest() -> None:
    assert sorted(offers(only(kept("queue_ringall_answered", "cdr")))) == [
        ("PJSIP/101", "answered_elsewhere"),
        ("PJSIP/102", "answered"),
        ("PJSIP/103", "answered_elsewhere"),
    ]


def test_records_know_an_outgoing_call_by_the_phone_that_dialled() -> None:
    record, event = only(kept("outgoing_answered", "cdr")), heard("outgoing_answered")[0]
    assert (record.direction, record.number, talkers(record)) == (event.direction, event.number, talkers(event))
    assert record.segments[0].leg == event.segments[0].leg == record.key.uniqueid


def test_the_queue_log_alone_tells_the_wait_and_which_leg_ended_it() -> None:
    line, event = only(kept("queue_rrmemory_answered", "queue_log")), heard("queue_rrmemory_answered")[0]
    assert (line.key, line.result, visits(line)) == (event.key, "answered", visits(event))
    assert [segment.leg for segment in answered(line)] == [segment.leg for segment in answered(event)]


def test_the_queue_log_alone_tells_who_gave_up() -> None:
    call = only(kept("queue_abandoned_ringing", "queue_log"))
    assert (call.result, visits(call)) == ("abandoned", [("sales", "abandoned")])


def test_the_queue_log_says_why_a_queue_gave_its_caller_back() -> None:
    rows = events_of(kept("queue_timeout", "cel"))
    log = histories.find(str(kept("queue_timeout", "queue_log")))[0].rows(EVER.from_at, EVER.to_at)
    why = verdicts(row for row in log if isinstance(row, QueueRow))
    assert [visits(call) for call in folded(rows, why)] == [[("sales", "timeout")]]
    assert [visits(call) for call in folded(rows)] == [[("sales", "exit")]]


def test_who_hangs_up_while_phones_ring_gave_up_and_the_phones_did_not_fail() -> None:
    (call,) = heard("queue_abandoned_ringing")
    assert (call.result, {result for _, result in offers(call)}) == ("abandoned", {"cancelled"})


def test_the_most_telling_of_several_comes_first() -> None:
    name = "queue_rrmemory_answered"
    found = histories.find(" ".join(str(kept(name, kind)) for kind in ("queue_log", "cdr", "cel")))
    assert [source.kind for source in found] == ["cel", "cdr", "queue_log"]
    assert [event.gap.filled_from for event in told(kept(name, "queue_log"), kept(name, "cdr"))] == ["cdr"]


def test_what_was_rotated_away_is_read_too(tmp_path: Path) -> None:
    now = tmp_path / "callcenter.csv"
    lines = kept("queue_rrmemory_answered", "cel").read_bytes().splitlines(keepends=True)
    (tmp_path / "callcenter.csv.1").write_bytes(b"".join(lines[5:9]))
    with gzip.open(tmp_path / "callcenter.csv.2.gz", "wb") as oldest:
        oldest.write(b"".join(lines[:5]))
    now.write_bytes(b"".join(lines[9:]))
    (tmp_path / "callcenter.csv.orig").write_bytes(b"nothing of ours")
    for age, file in enumerate(("callcenter.csv", "callcenter.csv.1", "callcenter.csv.2.gz")):
        at = datetime.now(UTC).timestamp() - age * 60
        os.utime(tmp_path / file, (at, at))
    assert events_of(now) == events_of(kept("queue_rrmemory_answered", "cel"))


def test_a_line_that_is_still_being_written_is_left_for_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "callcenter.csv"
    whole = kept("queue_rrmemory_answered", "cel").read_bytes()
    file.write_bytes(whole[: whole.index(b"HANGUP") + 3])
    assert [row.type for row in events_of(file)].count("HANGUP") == 0
    assert len(events_of(file)) > 5


def test_columns_as_asterisks_own_sample_lays_them_out(tmp_path: Path) -> None:
    file = tmp_path / "Master.csv"
    with kept("queue_ringall_answered", "cel").open(newline="") as source, file.open("w", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        for line in csv.reader(source):
            row = dict(zip(OUR_CEL, line, strict=True))
            writer.writerow([row.get(name, "") for name in SAMPLE_CEL])
    assert events_of(file) == events_of(kept("queue_ringall_answered", "cel"))


def test_a_freepbx_database_is_read_by_its_records(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/asteriskcdrdb.sqlite3"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE cdr (calldate DATETIME, clid TEXT, src TEXT, dst TEXT, channel TEXT, dstchannel TEXT, "
                "lastapp TEXT, lastdata TEXT, duration INTEGER, billsec INTEGER, disposition TEXT, uniqueid TEXT, "
                "did TEXT, recordingfile TEXT, cnum TEXT, cnam TEXT, linkedid TEXT, sequence INTEGER)"
            )
        )
        row = (
            "'2026-11-27 09:39:02', '\"Ivan\" <74951234567>', '74951234567', '600', 'PJSIP/trunk-00000000', "
            "'PJSIP/101-00000001', 'Queue', '600,t,,', 12, 9, 'ANSWERED', '1795761542.0', '74957000000', "
            "'q-600-74951234567-20261127-093902-1795761542.0.wav', '74951234567', 'Ivan', '1795761542.0', 1"
        )
        connection.execute(text(f"INSERT INTO cdr VALUES ({row})"))
    engine.dispose()
    call = only(url)
    assert (call.started_at, call.number, call.did, call.name) == (
        datetime(2026, 11, 27, 6, 39, 2, tzinfo=UTC),
        "74951234567",
        "74957000000",
        "Ivan",
    )
    assert [(s.device.name, s.talk_s) for s in answered(call)] == [("PJSIP/101", 9)]
    assert call.recordings == (f"{SPOOL}/2026/11/27/q-600-74951234567-20261127-093902-1795761542.0.wav",)


def test_a_driver_that_is_missing_is_named_with_what_installs_it() -> None:
    with pytest.raises(Unavailable, match="pip install pymysql"):
        told("mysql://reader:secret@127.0.0.1/asteriskcdrdb")


@pytest.mark.parametrize(
    "source", ["sqlite:////nowhere/at/all.sqlite3", "postgresql://reader:secret@127.0.0.1:1/x", "no://a:secret@url"]
)
def test_what_cannot_be_read_says_so_and_no_password(source: str) -> None:
    with pytest.raises(Unavailable) as wrong:
        told(source)
    assert "secret" not in str(wrong.value)


def test_a_file_of_something_else_is_not_taken_for_a_history(tmp_path: Path) -> None:
    shutil.copy(__file__, tmp_path / "some.csv")
    with pytest.raises(Unavailable, match="neither cel_custom"):
        told(tmp_path / "some.csv")
