"""Record what else the PBX wrote of some captured calls: python3 -m tests.captures.record_history [NAME ...]

history/NAME.cel        channel events (cel_custom, in the columns of asterisk-conf/cel_custom.conf)
history/NAME.cdr        call detail records (cdr_csv)
history/NAME.queue_log  the queue log
All three are of one playing. Needs root; see tests/lab.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.captures.scenes import SCENARIOS, pbx_of
from tests.captures.stage import Stage
from tests.lab.phones import Floor

HERE = Path(__file__).parent / "history"
_KEPT = {"cel": "cel-custom/callcenter.csv", "cdr": "cdr-csv/Master.csv", "queue_log": "queue_log"}


def record(name: str) -> None:
    """Plays one scenario on a fresh PBX and keeps what it wrote."""
    with pbx_of(name) as pbx, Floor(pbx) as floor:
        stage = Stage(pbx, floor)
        SCENARIOS[name](stage)
        for tap in stage.taps:
            tap.close()
        pbx.stop()  # in order: what is buffered is written
        for ending, file in _KEPT.items():
            (HERE / f"{name}.{ending}").write_bytes((pbx.log / file).read_bytes())


def main(names: list[str]) -> None:
    """Records the named scenarios, by default those that are there."""
    for name in names or sorted(path.stem for path in HERE.glob("*.cel")):
        record(name)
        print(name, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
