"""Every part of the house for whoever mends it: what grows ill slowly is told like what breaks at once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callcenter.vitals import judge, measure
from callcenter.vitals.judge import Backlog, Counted, Disk, Stream, Verdict

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
GB = 1024**3


def code(verdict: Verdict) -> str:
    """The code, which never comes without a remedy."""
    assert bool(verdict.code) == bool(verdict.remedy)
    return verdict.code


def test_a_stream_is_ill_while_it_lags_and_for_a_while_after_it_was_spoilt() -> None:
    fine = Stream(pbx="main", lag_s=0.2, broken=3, broken_at=NOW - timedelta(hours=1))
    assert code(judge.stream(fine, NOW)) == ""
    assert code(judge.stream(Stream(pbx="main", lag_s=3.0, broken=0, broken_at=None), NOW)) == "events_late"
    spoilt = Stream(pbx="main", lag_s=0.0, broken=1, broken_at=NOW - timedelta(minutes=1))
    assert code(judge.stream(spoilt, NOW)) == "events_broken"


def test_a_loss_is_told_for_a_while_and_before_what_could_not_be_read() -> None:
    lost = Stream(pbx="main", lag_s=0.0, broken=1, broken_at=NOW, lost=2, lost_at=NOW - timedelta(minutes=1))
    assert code(judge.stream(lost, NOW)) == "events_lost"
    assert judge.stream(lost, NOW).figures["lost"] == 2
    assert code(judge.stream(replace(lost, broken_at=None), NOW + timedelta(minutes=10))) == ""


def test_a_constant_offset_is_a_wrong_clock_and_a_growing_one_is_lag() -> None:
    assert judge.apart([7.0, 7.1, 7.0]) == (0.0, 7.0)
    assert judge.apart([0.0, 2.0, 5.0]) == (5.0, 0.0)
    late, skew = judge.apart([-7.0, -6.9, -3.0])
    assert (late, skew) == (4.0, -7.0)
    wrong = Stream(pbx="main", lag_s=0.0, broken=0, broken_at=None, skew_s=-7.0)
    assert code(judge.stream(wrong, NOW)) == "clock_skewed"
    assert code(judge.stream(replace(wrong, lag_s=4.0), NOW)) == "events_late"


def test_a_disk_is_ill_when_both_little_and_a_small_share_is_free() -> None:
    assert code(judge.disk(Disk(place="state", path="/s", free=3 * GB, size=1000 * GB))) == ""
    assert code(judge.disk(Disk(place="state", path="/s", free=GB, size=10 * GB))) == ""
    assert code(judge.disk(Disk(place="state", path="/s", free=GB, size=1000 * GB))) == "disk_almost_full"


def test_work_may_wait_for_a_while() -> None:
    waiting = Backlog(waiting=7, oldest=NOW - timedelta(minutes=20))
    assert code(judge.backlog("recording_backlog", waiting, NOW)) == "recording_backlog_late"
    assert code(judge.backlog("speech_backlog", waiting, NOW)) == ""
    silent = judge.backlog("speech_backlog", waiting, NOW, lack="install one")
    assert (silent.off, silent.code) == (True, "speech_off")


def test_what_nobody_set_up_is_off_and_not_ill() -> None:
    assert [judge.spool("spool", "", "").off, judge.backups("", None, NOW).off] == [True, True]
    assert code(judge.spool("spool", "/spool", "Permission denied")) == "spool_unreadable"


def test_the_newest_whole_backup_counts(tmp_path: Path) -> None:
    assert code(judge.backups(str(tmp_path), measure.newest_backup(tmp_path), NOW)) == "no_backup"
    for name, taken in (("old", NOW - timedelta(days=3)), ("new", NOW - timedelta(hours=5))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(json.dumps({"taken_at": taken.isoformat()}))
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "manifest.json").write_text("{")
    newest = measure.newest_backup(tmp_path)
    assert newest == NOW - timedelta(hours=5)
    assert code(judge.backups(str(tmp_path), newest, NOW)) == ""
    assert code(judge.backups(str(tmp_path), newest, NOW + timedelta(days=1))) == "backup_old"


def test_a_folder_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    assert measure.unreadable(tmp_path) == ""
    assert measure.unreadable(tmp_path / "nowhere") == "No such file or directory"


def test_a_failure_that_was_kept_from_the_rest_names_its_part() -> None:
    assert code(judge.failures({"gate": 2}, [])) == ""
    ill = judge.failures({"gate": 2}, ["gate"])
    assert (code(ill), "gate" in ill.remedy, ill.figures) == ("failures_contained", True, {"failures": 2.0})


def test_a_count_is_ill_by_what_has_no_reason_then_by_what_is_lost_then_by_its_age() -> None:
    fine = Counted(at=NOW, calls={"present": 90, "excused": 8, "delayed": 2}, strays=3)
    assert code(judge.tally(None, NOW)) == code(judge.tally(fine, NOW)) == ""
    lost = replace(fine, calls={"present": 99, "lost": 1})
    assert code(judge.tally(lost, NOW)) == "recordings_lost"
    unexplained = judge.tally(replace(fine, calls={"present": 197, "lost": 1, "unexplained": 2}), NOW)
    assert (code(unexplained), unexplained.figures["explained_percent"]) == ("recordings_unexplained", 99.0)
    assert code(judge.tally(fine, NOW + timedelta(hours=27))) == "tally_old"
