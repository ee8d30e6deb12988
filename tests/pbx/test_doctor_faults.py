"""Each fault, made for real: the doctor names exactly it, and what it says to paste heals.

One Asterisk for all of them; a fault is made by editing its files and reloading, and mended by what the report says,
read off its own text. Afterwards the files are what they were.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from callcenter.routing.asking.policies import RoutingRule
from callcenter.routing.doctor.findings import CheckState
from callcenter.routing.doctor.gate_checks import VERSION
from callcenter.routing.doctor.told import exit_code, told
from tests.lab.amitap import AmiTap
from tests.lab.asterisk import AMI_SECRET, AMI_USER
from tests.parts import need
from tests.pbx.doctored import Patient, codes, findings, shipped
from tests.pbx.test_routing import answering
from tests.until import until

pytestmark = pytest.mark.pbx


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    need("asterisk")
    with shipped(tmp_path_factory.mktemp("doctor")) as patient:
        yield patient


@pytest.fixture
def patient(whole: Patient) -> Iterator[Patient]:
    """All is well before, and the files are put back afterwards."""
    kept = whole.folder / "etc"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(whole.pbx.etc, kept)
    environment = dict(whole.product.environment)
    yield whole
    shutil.copytree(kept, whole.pbx.etc, dirs_exist_ok=True)
    whole.product.environment = environment


Spoil = Callable[[Patient], None]


@dataclass(frozen=True)
class Fault:
    """``codes``: all that the doctor says of it; ``exit`` 2: it does not even get in. ``works``: where the PBX itself
    can be asked whether it is well."""

    codes: set[str]
    spoil: Spoil
    exit: int = 1
    works: tuple[Callable[[Patient], bool], ...] = ()


def added(file: str, section: str, *lines: str) -> Spoil:
    """Lines at the end of a section."""

    def spoil(patient: Patient) -> None:
        patient.append(file, "\n".join((f"[{section}](+)", *lines)))
        patient.reload(file)

    return spoil


def changed(file: str, old: str, new: str) -> Spoil:
    """Another text in the place of this one, wherever it stands."""

    def spoil(patient: Patient) -> None:
        path = patient.pbx.etc / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        patient.reload(file)

    return spoil


def typed(*commands: str) -> Spoil:
    """Somebody at the console."""

    def spoil(patient: Patient) -> None:
        for command in commands:
            patient.pbx.cli(command)

    return spoil


def setting(name: str, value: str) -> Spoil:
    def spoil(patient: Patient) -> None:
        patient.product.environment[f"CALLCENTER_{name}"] = value

    return spoil


def says(command: str, text: str) -> Callable[[Patient], bool]:
    """Asterisk's own console says so."""
    return lambda patient: text in patient.pbx.cli(command)


def heard(patient: Patient) -> bool:
    """Our AMI user is told when a queue pauses somebody."""
    tap = AmiTap(patient.pbx, AMI_USER, AMI_SECRET)
    for command in ("pause", "unpause"):
        patient.pbx.cli(f"queue {command} member PJSIP/103 queue sales")
    tap.action("Ping", ActionID="last")
    until(lambda: b"ActionID: last" in tap.data(), 5, "the answer to what was sent last")
    tap.close()
    return bool(tap.events("QueueMemberPause"))


NO_FILTER = "; filter "
FAULTS = {
    "a queue that refuses callers": Fault(
        {"joinempty_counts_paused"}, added("queues.conf", "support", "joinempty=strict")
    ),
    "a queue that throws callers out": Fault(
        {"leavewhenempty_counts_paused"}, added("queues.conf", "sales", "leavewhenempty=yes")
    ),
    "talking agents are rung": Fault(
        {"ringinuse_on"},
        added("queues.conf", "support", "ringinuse=yes"),
        works=(lambda patient: "ringinuse enabled" not in patient.pbx.cli("queue show support"),),
    ),
    "one caller at a time": Fault({"autofill_off"}, changed("queues.conf", "autofill=yes", "autofill=no")),
    "a queue without the gate": Fault({"gate_missing"}, added("queues.conf", "sales", "membergosub=ours")),
    "a gate that is told nothing": Fault(
        {"setinterfacevar_off"}, added("queues.conf", "support", "setinterfacevar=no")
    ),
    "a phone that is a member twice": Fault(
        {"member_twice", "map_new_interface"},
        typed("queue add member Local/101@agents/n to support penalty 0 as Anna state_interface PJSIP/101"),
    ),
    "recordings and queue ends are not heard": Fault(
        {"permission_missing"},
        added("manager.conf", "callcenter", "read=system,call,agent,user"),
        works=(says("manager show user callcenter", "read perm: system,call,agent,user,dialplan"),),
    ),
    "nobody can click to call": Fault(
        {"permission_missing"}, added("manager.conf", "callcenter", "write=system,call,agent,user,reporting")
    ),
    "a user who may do everything": Fault({"permission_too_much"}, added("manager.conf", "callcenter", "write=all")),
    "a user without a filter": Fault({"filter_missing"}, changed("manager.conf", "eventfilter=", NO_FILTER)),
    "a filter that hides talks": Fault(
        {"filter_hides_events"}, changed("manager.conf", "BridgeEnter|BridgeLeave|", "")
    ),
    "a filter that hides queues": Fault(
        {"filter_hides_events"},
        changed("manager.conf", "Queue[A-Za-z]+|AgentCalled|AgentConnect|", ""),
        works=(heard,),
    ),
    "events that nobody is told": Fault(
        {"events_disabled"},
        added("manager.conf", "general", "disabledevents=Newexten,QueueMemberPause"),
        works=(heard,),
    ),
    "a line that is cut at every breath": Fault(
        {"writetimeout_short"}, added("manager.conf", "callcenter", "writetimeout=100")
    ),
    "a PBX that waits for us": Fault({"writetimeout_long"}, added("manager.conf", "callcenter", "writetimeout=60000")),
    "events without a time": Fault(
        {"timestamps_off"},
        added("manager.conf", "general", "timestampevents=no"),
        works=(says("manager show settings", "Timestamp events:          Yes"),),
    ),
    "our address is not permitted": Fault(
        {"login_refused"}, added("manager.conf", "callcenter", "deny=127.0.0.1/255.255.255.255"), exit=2
    ),
    "the manager is switched off": Fault({"refused"}, added("manager.conf", "general", "enabled=no"), exit=2),
    "the gate is not in the dialplan": Fault(
        {"gate_not_loaded"}, changed("extensions.conf", "#include callcenter.conf", "; not yet")
    ),
    "a gate of last year": Fault({"gate_of_other_version"}, changed("callcenter.conf", f"NoOp({VERSION})", "NoOp(0)")),
    "recordings without sides": Fault(
        {"recording_one_sided"}, changed("callcenter.conf", "r(${file}-in.wav)t(${file}-out.wav)", "")
    ),
    "a recording that was switched off": Fault(
        {"recording_switch_missing"}, typed("database del callcenter-recording support")
    ),
    "a recording nobody decided": Fault({"recorded_without_rule"}, typed("database put callcenter-recording vip on")),
    "recordings in a folder that is not there": Fault(
        {"spool_other_name"}, setting("PBX__MAIN__PBX_SPOOL", "/mnt/old/monitor")
    ),
    "nothing can be recorded": Fault({"module_missing"}, typed("module unload app_mixmonitor.so")),
    "no history": Fault(
        {"cel_off"},
        changed("cel.conf", "enable=yes", "enable=no"),
        works=(says("cel show status", "Logging: Enabled"),),
    ),
    "half a history": Fault(
        {"cel_events_missing"},
        changed("cel.conf", "events=ALL", "events=APP_START,APP_END,ANSWER"),
        works=(says("cel show status", "LINKEDID_END"),),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_what_is_pasted_heals_it(patient: Patient, name: str) -> None:
    fault = FAULTS[name]
    fault.spoil(patient)
    assert not any(works(patient) for works in fault.works)
    ill = patient.examined()
    assert (codes(ill), exit_code(ill)) == (fault.codes, fault.exit)
    patient.paste(told(ill))
    well = patient.examined()
    assert (codes(well), exit_code(well)) == (set(), 0)
    assert all(works(patient) for works in fault.works)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("PBX__MAIN__SECRET", "not this one", "login_refused"),
        ("PBX__MAIN__USERNAME", "nobody", "login_refused"),
        ("PBX__MAIN__TLS", "true", "tls"),
        ("PBX__MAIN__PORT", "1", "refused"),
    ],
)
def test_why_we_do_not_get_in_is_told_apart(patient: Patient, name: str, value: str, code: str) -> None:
    setting(name, value)(patient)
    report = patient.examined()
    assert (codes(report), exit_code(report)) == ({code}, 2)
    assert {one.code for check in report.checks for one in check.unseen} == {"no_link"}


def test_a_user_who_may_ask_nothing_makes_us_blind_and_not_wrong(patient: Patient) -> None:
    added("manager.conf", "callcenter", "write=agent,originate")(patient)
    blind = patient.examined()
    assert codes(blind) == {"permission_missing"}
    unseen = {check.code for check in blind.checks if check.state is CheckState.CANNOT_SEE}
    assert unseen >= {
        "event_filter",
        "timestamps",
        "ringinuse",
        "gate_loaded",
        "spool_name",
        "modules",
        "channel_events",
    }
    assert {one.code for check in blind.checks for one in check.unseen} == {"permission"}
    assert "CANNOT SEE manager.conf, queues.conf" in told(blind)
    patient.paste(told(blind))
    assert exit_code(patient.examined()) == 0


def test_a_phone_and_a_trunk_that_nobody_put_on_the_map(patient: Patient) -> None:
    """What heals is on a page, not in a file."""
    patient.forget("PJSIP/trunk", "PJSIP/103")
    report = patient.examined()
    assert codes(report) == {"map_new_channel", "map_new_extension", "member_unknown"}
    assert {f.thing for f in findings(report)} == {"PJSIP/trunk", "PJSIP/103", "103", "member PJSIP/103"}
    patient.settle()
    assert exit_code(patient.examined()) == 0


def test_a_map_nobody_confirmed(patient: Patient) -> None:
    patient.settle(confirmed=False)
    assert codes(patient.examined()) == {"map_unconfirmed"}
    patient.settle()
    assert exit_code(patient.examined()) == 0


def test_a_rule_about_calls_that_nobody_asks_for_or_nobody_answers(patient: Patient) -> None:
    """What is written down here Callcenter itself does once it runs."""
    patient.routes(RoutingRule(pbx="main", queue="support", blocked=True))
    setting("FASTAGI__PORT", "1")(patient)
    assert codes(patient.examined()) == {"routing_unheard", "routing_row_missing"}
    with answering({}) as (where, _):
        setting("FASTAGI__PORT", where.partition("/")[0].rpartition(":")[2])(patient)
        patient.pbx.cli("database put callcenter-routing support 10.0.0.9:4573/main/old")
        assert codes(patient.examined()) == {"routing_row_elsewhere"}
        patient.pbx.cli(f"database put callcenter-routing support {where}")
        assert exit_code(patient.examined()) == 0
        changed("extensions.conf", "Gosub(callcenter-route,s,1(support))", "NoOp()")(patient)
        assert codes(patient.examined()) == {"routing_not_called"}
    patient.pbx.cli("database deltree callcenter-routing")
    patient.routes()
