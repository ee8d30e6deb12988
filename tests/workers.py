"""Which tests stay together on one worker: on a second one, those before one PBX would start it and a product anew."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling


def scheduler(config: Any, log: Any) -> Any:
    """Gives out the largest groups first."""
    made = LoadScopeScheduling(config, log)
    made._split_scope = together
    return made


def together(nodeid: str) -> str:
    """The name of what a test shares its worker with; its own where that is nothing."""
    module, _, _ = nodeid.partition("::")
    if module.startswith("tests/browser/"):
        return "tests/browser"
    return module if module.startswith("tests/pbx/") else nodeid
