"""Record the captures beside this file from a real Asterisk: python3 -m tests.captures.record [NAME ...]

NAME.ami        the AMI byte stream of a user who may read everything, from right after the login
NAME.least.ami  the same moments as the least-privilege user `callcenter` got them
NAME.cel.csv    what Asterisk itself wrote down of them (CEL)
NAME.json       what the phones saw: who rang, who was offered the call, who answered, when (epoch seconds),
                and `connections`, the byte offsets at which an AMI session began (two after a restart)
Needs root; see tests/lab.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.captures.scenes import SCENARIOS, pbx_of
from tests.captures.stage import Stage
from tests.lab.phones import Floor
from tests.until import until

HERE = Path(__file__).parent


def record(name: str) -> None:
    """Play one scenario on a fresh PBX and write its files."""
    with pbx_of(name) as pbx, Floor(pbx) as floor:
        stage = Stage(pbx, floor)
        SCENARIOS[name](stage)
        everything, least = stage.taps
        # the one who sees less leaves first, and his last event must have reached the other too
        least.close()
        last = least.data().rpartition(b"Event: ")[2]
        until(lambda: last in everything.data(), 5, "both saw the end")
        everything.close()
        log = floor.log()
        truth = {
            "scenario": name,
            "about": (SCENARIOS[name].__doc__ or "").strip(),
            "asterisk": pbx.cli("core show version").split()[1],
            "connections": everything.connections,
            "least_connections": least.connections,
            "callers": [asdict(attempt) for attempt in log.attempts],
            "offers": [
                asdict(offer) | {"phone": pbx.shape.endpoints.get(offer.phone, offer.phone)} for offer in log.offers
            ],
        }
        (HERE / f"{name}.ami").write_bytes(everything.data())
        (HERE / f"{name}.least.ami").write_bytes(least.data())
        (HERE / f"{name}.cel.csv").write_bytes((pbx.log / "cel-custom/callcenter.csv").read_bytes())
        (HERE / f"{name}.json").write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(names: list[str]) -> None:
    """Record the named scenarios, by default all."""
    for name in names or list(SCENARIOS):
        record(name)
        sizes = [(HERE / f"{name}{end}").stat().st_size // 1000 for end in (".ami", ".least.ami")]
        print(f"{name}: {sizes[0]} kB, least privilege {sizes[1]} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
