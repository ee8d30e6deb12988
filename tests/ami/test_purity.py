"""What decides does no I/O: it does not even import what could."""

from __future__ import annotations

import subprocess
import sys

import pytest

FORBIDDEN = ("asyncio", "socket", "ssl", "panoramisk", "sqlalchemy", "aiohttp", "prometheus_client", "structlog")
PURE = (
    "framing", "reader", "messages", "parsing", "channels", "tracks", "scene", "arrivals", "talks", "visits", "tracker",
)  # fmt: skip


@pytest.mark.parametrize(
    "module",
    [
        "framing",
        "reader",
        "messages",
        "parsing",
        "channels",
        "tracks",
        "scene",
        "arrivals",
        "talks",
        "visits",
        "tracker",
    ],
)
def test_pure_modules_import_no_io(module: str) -> None:
    code = f"import sys, callcenter.ami.{module}; print(*[n for n in {FORBIDDEN!r} if n in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == ""
