"""The doctor on real PBXs: nothing on right ones; each fault by its name; and what it says to paste heals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.routing.doctor.findings import CheckState
from tests.lab.asterisk import Asterisk
from tests.lab.freepbx.installed import freepbx
from tests.parts import need
from tests.pbx.doctored import Patient
from tests.pbx.job.product import Product

pytestmark = [pytest.mark.pbx, pytest.mark.xdist_group("pbx-doctor")]


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    """The shipped configuration, described and confirmed."""
    need("asterisk")
    folder = tmp_path_factory.mktemp("doctor")
    with Asterisk() as pbx:
        product = Product(pbx, folder)
        product.add_people()
        made = Patient(pbx=pbx, product=product, folder=folder)
        made.settle()
        yield made


def test_nothing_is_wrong_with_the_shipped_configuration(patient: Patient) -> None:
    report = patient.examined()
    assert [f for check in report.checks for f in check.findings] == []
    assert {check.code: check.state for check in report.checks if check.state is not CheckState.OK} == {}
    done = patient.product.command("doctor", "--json")
    (told,) = json.loads(done.stdout)
    assert (done.returncode, told["state"], told["version"][:3]) == (0, "ok", "22.")


def test_nothing_is_wrong_with_a_freepbx_beside_which_it_was_installed(tmp_path: Path) -> None:
    """Its third queue has members without a state, which is told with the hint there is; pasted, it is well."""
    with freepbx() as pbx:
        product = Product(pbx, tmp_path)
        product.add_people()
        patient = Patient(pbx=pbx, product=product, folder=tmp_path)
        patient.settle([("PJSIP/door-front", "service")])
        assert [(f.code, f.values["queue"]) for f in patient.found()] == [("member_without_state", "602")] * 2
        patient.paste(patient.report())
        assert [f for check in patient.examined().checks for f in check.findings] == []
        assert patient.product.command("doctor").returncode == 0
