"""Which tests stay together on one worker, and who takes which first.

Tests before one PBX share a worker: a second one would start the PBX and a product anew. While telephones ring their
worker waits, so one of five workers begins with the tests that compute, and the others end with them.
"""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling


class Interleaved(LoadScopeScheduling):
    """The largest groups first, and at the same time the smallest."""

    def _split_scope(self, nodeid: str) -> str:
        """The name of what a test shares its worker with; its own where that is nothing."""
        module, _, _ = nodeid.partition("::")
        if module.startswith("tests/browser/"):
            return "tests/browser"
        return module if module.startswith("tests/pbx/") else nodeid

    def _assign_work_unit(self, node: Any) -> None:
        if self.nodes.index(node) % 5 == 4:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)
