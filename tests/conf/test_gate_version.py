"""The doctor tells an old gate by its version: a change of the dialplan without a new one would go unnoticed."""

from __future__ import annotations

import hashlib
import re

from callcenter.routing.asking.agi import PACKED
from callcenter.routing.doctor.gate_checks import OWN, VERSION
from tests.house.source import ROOT

OF_VERSION = ("15", "5b584af07e773c23")
"""The version and what its lines come to, comments and empty lines left out."""
CONF = ROOT / "asterisk-conf/callcenter.conf"


def test_another_dialplan_has_another_version() -> None:
    """After a change: raise the number in callcenter.conf and in gate_checks.py, and put both here."""
    lines = [line.split(" ;")[0].strip() for line in CONF.read_text().splitlines()]
    whole = "\n".join(line for line in lines if line and not line.startswith(";"))
    assert (VERSION, hashlib.sha256(whole.encode()).hexdigest()[:16]) == OF_VERSION
    assert f"exten => s,1,NoOp({VERSION})" in whole


def test_the_doctor_looks_for_every_context_there_is() -> None:
    assert set(re.findall(r"(?m)^\[([\w-]+)\]", CONF.read_text())) == set(OWN)


def test_an_answer_about_a_call_is_taken_apart_as_it_was_put_together() -> None:
    (parts,) = re.findall(r"Set\(LOCAL\(rest\)=(PRIO&[A-Z&]+)\)", CONF.read_text())
    assert ("CC_ROUTE", *(f"CC_ROUTE_{part}" for part in parts.split("&"))) == PACKED
