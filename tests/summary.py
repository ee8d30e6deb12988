"""A pytest plugin for ./run test: what failed before pytest began is said right above pytest's last line."""

from __future__ import annotations

import os

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Linters ran minutes ago and far above; the last screen must not look green when they were red."""
    stages = os.environ.get("CALLCENTER_TEST_STAGES")
    if stages:
        terminalreporter.write_line(f"before the tests: {stages}")
    failed = os.environ.get("CALLCENTER_TEST_FAILED")
    if failed:
        terminalreporter.write_line(f"FAILED before the tests: {failed} (output above and in var/log)", red=True)
