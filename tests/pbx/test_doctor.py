"""The doctor on real PBXs: nothing on right ones; each fault by its name; and what it says to paste heals."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from callcenter.routing.doctor.findings import CheckState
from callcenter.routing.doctor.told import told
from tests.lab.freepbx.installed import freepbx
from tests.parts import need
from tests.pbx.doctored import Patient, codes, findings, shipped
from tests.pbx.job.product import Desk
from tests.until import until

pytestmark = pytest.mark.pbx


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    need("asterisk")
    with shipped(tmp_path_factory.mktemp("doctor")) as made:
        yield made


def test_nothing_is_wrong_with_the_shipped_configuration(patient: Patient) -> None:
    """But that Debian built this Asterisk."""
    report = patient.examined()
    assert [f.code for check in report.checks for f in check.findings] == ["next_voice_lost"]
    assert {check.code: check.state for check in report.checks if check.state is not CheckState.OK} == {}
    done = patient.product.command("doctor", "--json")
    (answer,) = json.loads(done.stdout)
    assert (done.returncode, answer["state"], answer["version"][:3]) == (0, "ok", "22.")


async def test_the_running_service_tells_its_administrator_the_same(patient: Patient) -> None:
    """Through a connection of the doctor's own: the service's stays as it is."""
    patient.append("queues.conf", "[sales](+)\nringinuse=yes")
    patient.product.start()
    admin = Desk(patient.product, "admin")
    await admin.sign_in()
    report = await admin.request("GET", "/pbx/main/doctor")
    (check,) = [check for check in report["checks"] if check["state"] != "ok"]
    (finding,) = check["findings"]
    assert (report["state"], report["linked"], check["group"]) == ("wrong", True, "queues")
    assert (finding["code"], finding["severity"], finding["values"]) == ("ringinuse_on", "fault", {"queue": "sales"})
    assert finding["remedy"]["lines"] == ["[sales](+)", "ringinuse=no"]
    await admin.close()
    patient.product.stop()


@pytest.fixture(scope="module")
def freepbx_patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    """A FreePBX with Callcenter beside it; the administrator has said what the door is."""
    need("asterisk")
    folder = tmp_path_factory.mktemp("freepbx")
    with freepbx() as pbx:
        made = Patient.of(pbx, folder)
        made.settle([("PJSIP/door-front", "service")])
        yield made


def test_nothing_is_wrong_with_a_freepbx_but_the_members_whose_state_is_ignored(freepbx_patient: Patient) -> None:
    report = freepbx_patient.examined()
    assert [(f.code, f.values["queue"]) for f in findings(report)] == [("member_without_state", "602")] * 2
    freepbx_patient.paste(told(report))
    after = freepbx_patient.examined()
    assert [f.code for check in after.checks for f in check.findings] == ["next_voice_lost", "history_not_set"]
    done = freepbx_patient.product.command("doctor")
    assert done.returncode == 0, done.stdout
    assert "hint:101@ext-local" in freepbx_patient.pbx.cli("queue show 602")


def test_a_freepbx_on_which_nothing_leads_to_the_gate(freepbx_patient: Patient) -> None:
    before = codes(freepbx_patient.examined())
    custom = freepbx_patient.pbx.etc / "extensions_custom.conf"
    lines = custom.read_text().splitlines()
    custom.write_text("".join(f"{line}\n" for line in lines if "callcenter" not in line))
    freepbx_patient.reload("extensions.conf")
    report = freepbx_patient.examined()
    assert codes(report) == before | {"gate_not_loaded", "gate_missing", "outgoing_hook_missing"}
    freepbx_patient.paste(told(report))
    until(lambda: not codes(freepbx_patient.examined()), 10, "a clean report")
