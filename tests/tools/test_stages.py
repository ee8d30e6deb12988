"""Stages of ./run: what waits, what is held up, and what is said of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools import check
from tools.ground import Stop
from tools.stages import Log, Stage, demand, run_stages


def _writes(file: Path, text: str) -> Stage:
    def work(_log: Log) -> bool:
        file.write_text(text)
        return True

    return Stage(name="writes", work=work)


def _breaks(log: Log) -> bool:
    log.run(sys.executable, "-c", "print('the reason'); raise SystemExit(3)")
    return True


def test_a_stage_finds_what_it_waited_for(tmp_path: Path) -> None:
    reads = Stage(name="reads", work=lambda _: (tmp_path / "x").rename(tmp_path / "y").exists(), after=["writes"])
    results = run_stages([_writes(tmp_path / "x", "made"), reads])
    assert (tmp_path / "y").read_text() == "made"
    assert [result.error for result in results] == ["", ""]


def test_what_waits_for_a_failure_does_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    late = _writes(tmp_path / "x", "made")
    results = run_stages([Stage(name="breaks", work=_breaks), Stage(name="late", work=late.work, after=["breaks"])])
    assert not (tmp_path / "x").exists()
    assert [bool(result.error) for result in results] == [True, True]
    said = capsys.readouterr().err
    assert "the reason" in said
    assert "late  not run: breaks failed" in said


def test_a_stop_names_the_stage_and_where_its_output_is() -> None:
    with pytest.raises(Stop, match=r"^breaks: python.* ended with 3; .*var/log/breaks\.log$"):
        demand(run_stages([Stage(name="breaks", work=_breaks)]))


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], check.ALL),
        (["-x"], check.ALL),
        (["tests"], check.ALL),
        (["tests/crm", "-k", "casing"], {"database"}),
        (["tests/pbx/"], {"pbx"}),
        (["tests/lab", "tests/spine/test_db.py::test_one"], {"pbx", "database"}),
    ],
)
def test_only_what_the_selection_can_need_is_prepared(arguments: list[str], parts: set[str]) -> None:
    assert check.selected(arguments) == parts
