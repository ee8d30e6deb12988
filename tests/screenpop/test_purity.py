"""What decides and folds may not do I/O: it cannot, for it imports nothing that does."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

FORBIDDEN = {"asyncio", "socket", "aiohttp", "sqlalchemy", "pydantic", "panoramisk"}


@pytest.mark.parametrize("module", ["decide", "board"])
def test_pure_modules_import_no_io(module: str) -> None:
    program = f"import json, sys, callcenter.screenpop.{module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert FORBIDDEN & set(json.loads(done.stdout)) == set()
